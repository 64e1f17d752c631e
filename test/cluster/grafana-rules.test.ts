import { describe, expect, test } from 'vitest';
import { rulesYaml } from '../../dashboard/grafana/io/rules-yaml.ts';
import { translate } from '../../dashboard/grafana/model/prometheus-rule.ts';
import type { Alert } from '../../dashboard/model/alert/alert.ts';
import { OWN_RULES, STARTER_RULES } from '../../dashboard/model/alert/starter-rules.ts';
import { EPISODES, type Episode } from '../support/grafana/episodes.ts';
import { LiveWorld } from '../support/grafana/live-world.ts';
import { EVALUATION_SECONDS, promtool, testRules, type Checkpoint } from '../support/grafana/promtool.ts';

/** What fires at each second, as the live engine sees it. */
function live({ rule, seconds, at }: Episode): readonly (readonly Alert[])[] {
  const world = new LiveWorld([rule]);
  return Array.from({ length: seconds }, (_, second) => world.second(second, at(second)));
}

const identity = (alerts: readonly Alert[]): string => alerts.map(({ fingerprint }) => fingerprint).join(' ');

function firings(seconds: readonly (readonly Alert[])[]): number {
  return seconds.filter((alerts, second) => alerts.length > (seconds[second - 1]?.length ?? 0)).length;
}

/** Every evaluation, but for those so near to a change that the other engine may still, or already, see it otherwise. */
function checkpoints(seconds: readonly (readonly Alert[])[], slack: number): readonly Checkpoint[] {
  const isSteady = (second: number): boolean => {
    const around = seconds.slice(Math.max(0, second - slack), second + slack + 1);
    return around.every((alerts) => identity(alerts) === identity(seconds[second] ?? []));
  };
  return seconds.flatMap((firing, second) =>
    second > 0 && second % EVALUATION_SECONDS === 0 && isSteady(second) ? [{ second, firing }] : [],
  );
}

const silent = (alert: Alert): Pick<Alert, 'labels' | 'annotations'> => ({ labels: alert.labels, annotations: {} });

describe.each(EPISODES)('the generated rule and the live rule agree: $name', (episode) => {
  const { rule, at, texts, slackSeconds = 0 } = episode;
  const seen = live(episode);

  test('on who fires, at every evaluation', () => {
    expect(firings(seen)).toBe(episode.firings);
    const points = checkpoints(seen, slackSeconds).map(({ second, firing }) => ({
      second,
      firing: seen[second]?.map(silent) ?? firing,
    }));
    expect(points.length).toBeGreaterThan(4);
    const yaml = rulesYaml([translate({ ...rule, annotations: {} })]);
    expect(testRules(yaml, { alertname: rule.name, seconds: episode.seconds, at, checkpoints: points })).toBe('');
  });

  test('on what it says', () => {
    const points = texts.map((second) => ({ second, firing: seen[second] ?? [] }));
    expect(points.every(({ firing }) => firing.length > 0)).toBe(true);
    const yaml = rulesYaml([translate(rule)]);
    expect(testRules(yaml, { alertname: rule.name, seconds: episode.seconds, at, checkpoints: points })).toBe('');
  });
});

test('every starter rule is in an episode in which it fires', () => {
  const fired = new Set(EPISODES.filter(({ firings: count }) => count > 0).map(({ rule }) => rule.name));
  expect(STARTER_RULES.map(({ name }) => name).filter((name) => !fired.has(name))).toEqual([]);
});

test('promtool takes the rules file', () => {
  const yaml = rulesYaml([...STARTER_RULES, ...OWN_RULES].map(translate));
  expect(promtool(['check', 'rules', 'rules.yaml'], { 'rules.yaml': yaml })).toEqual({
    ok: true,
    said: expect.stringContaining('SUCCESS: 14 rules found') as string,
  });
});
