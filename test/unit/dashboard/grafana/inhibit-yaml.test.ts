import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { inhibitYaml } from '../../../../dashboard/grafana/io/rules-yaml.ts';
import { OWN_INHIBIT_RULES } from '../../../../dashboard/model/notify/inhibit.ts';

test('Alertmanager is told what it has words for, and the rest is named', () => {
  const text = inhibitYaml(OWN_INHIBIT_RULES);
  const { inhibit_rules: rules } = parse(text) as { inhibit_rules: { equal: string[] }[] };
  expect(rules.map(({ equal }) => equal)).toEqual([['host'], ['alertname', 'host', 'container'], ['cluster']]);
  expect(text).toContain('# Not here: an unreachable host at the other end (host=peer_host)');
});
