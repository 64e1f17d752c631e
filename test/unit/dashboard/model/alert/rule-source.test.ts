import { expect, test } from 'vitest';
import { ruleSchema } from '../../../../../dashboard/io/rule-schema.ts';
import { durationText, ruleSource } from '../../../../../dashboard/model/alert/rule-source.ts';
import { OWN_RULES, STARTER_RULES } from '../../../../../dashboard/model/alert/starter-rules.ts';
import { aRule } from '../../builders.ts';

const SCOPED = aRule({
  name: 'Scoped',
  enabled: false,
  scope: [{ name: 'container', value: 'a "b"\\', isRegex: false, isEqual: false }],
  match: { host: 'h*' },
  labels: { team: 'shop' },
  keepFiringForMs: 90_000,
  noData: 'alert',
});

test.each([...STARTER_RULES, ...OWN_RULES, SCOPED])('$name, written down and read again, is the same', (rule) => {
  const { id, origin } = rule;
  expect({ ...ruleSchema.parse(ruleSource(rule)), id, origin }).toEqual(rule);
});

test.each([
  [0, '0s'],
  [1500, '1500ms'],
  [30_000, '30s'],
  [300_000, '5m'],
  [90_000, '90s'],
  [7_200_000, '2h'],
  [86_400_000, '24h'],
])('%d ms are written %s', (durationMs, text) => {
  expect(durationText(durationMs)).toBe(text);
});
