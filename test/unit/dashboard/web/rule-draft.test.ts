import { describe, expect, test } from 'vitest';
import { ruleSchema } from '../../../../dashboard/io/rule-schema.ts';
import { ruleSource, type RuleSource } from '../../../../dashboard/model/alert/rule-source.ts';
import { STARTER_RULES } from '../../../../dashboard/model/alert/starter-rules.ts';
import { draftFaults, draftOf, levelsIn, NEW_RULE, sourceOf } from '../../../../dashboard/web/alerts/rule-draft.ts';

const twice = (...names: string[]) => names.map((name) => ({ name, text: 'x' }));
const meaning = (source: object): object => ruleSchema.parse(source);

describe('a rule through the form and back', () => {
  test.each(STARTER_RULES)('$name is the same', (rule) => {
    const source = ruleSource(rule);
    expect(meaning(sourceOf(draftOf(source)))).toEqual(meaning(source));
  });

  test('with one threshold becomes one with a level', () => {
    const source = { name: 'A', metric: 'cpuCores', op: '>', threshold: 1, recovery: 0.5, severity: 'critical' };
    expect(meaning(sourceOf(draftOf(source)))).toEqual(meaning(source));
  });

  test('keeps everything that a rule of a file can say', () => {
    const source = {
      name: 'A',
      group: 'shop',
      metric: 'cpuCores',
      agg: 'p95',
      window: 600,
      op: '>',
      threshold: 0.25,
      for: 30,
      labels: { team: 'a', tier: ' 1\n2 ' },
      annotations: { summary: ' a\nb ', description: 'why', runbook_url: 'https://wiki/', note: '' },
      match: { host: 'h*' },
      scope: ['{host="h1", label_team!="x"}', 'image=~"redis.*"'],
      and: [{ metric: 'pidsCurrent', agg: 'max', window: '1m', op: '>', threshold: 3 }],
      limit: 7,
    };
    expect(meaning(sourceOf(draftOf(source as unknown as RuleSource)))).toEqual(meaning(source));
  });

  test('writes a number as the API reads it', () => {
    const source = { name: 'A', metric: 'cpuCores', op: '>', threshold: 1e-7 };
    expect(sourceOf(draftOf(source)).levels).toEqual([{ severity: 'warning', threshold: '0.0000001' }]);
  });

  test('keeps what this page has no field for', () => {
    const source = { name: 'A', metric: 'cpuCores', op: '>', threshold: 1, ownerTeam: ['a'] };
    expect(sourceOf(draftOf(source))).toMatchObject({ ownerTeam: ['a'] });
  });
});

describe('a draft', () => {
  const draft = { ...NEW_RULE, name: 'A' };

  test('says what is filled in, and leaves the rest to its default', () => {
    const { annotations, labels, match, limit, group, and } = sourceOf({ ...draft, summary: ' ', limit: '' });
    expect({ annotations, labels, match, limit, group, and }).toEqual({
      annotations: {},
      labels: {},
      match: {},
      limit: undefined,
      group: undefined,
      and: [],
    });
  });

  test.each([
    { name: 'a label twice', part: { labels: twice('team', 'team ') }, want: ['labels#1: team is there already'] },
    {
      name: 'an annotation that has a field of its own',
      part: { annotations: twice('summary', 'note') },
      want: ['annotations#0: summary is there already'],
    },
    { name: 'a text without a name', part: { labels: twice('', 'a') }, want: ['labels#0: expected a name'] },
    { name: 'a row without anything', part: { labels: [{ name: '', text: '' }] }, want: [] },
  ])('$name: what an object cannot keep is a fault', ({ part, want }) => {
    expect(draftFaults({ ...draft, ...part }).map(({ path, message }) => `${path}: ${message}`)).toEqual(want);
  });

  test('numbers its thresholds as they are sent', () => {
    const level = { threshold: '1', recovery: '' };
    expect(levelsIn({ levels: { ...draft.levels, critical: level } })).toEqual(['warning', 'critical']);
  });
});

test('a new rule only wants a name', () => {
  expect(ruleSchema.safeParse(sourceOf(NEW_RULE)).success).toBe(false);
  expect(meaning(sourceOf({ ...NEW_RULE, name: 'Mine', scope: ' host="h1" \n\n' }))).toMatchObject({
    name: 'Mine',
    scope: [{ name: 'host', value: 'h1' }],
  });
});
