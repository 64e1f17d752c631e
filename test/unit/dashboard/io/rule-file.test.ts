import { describe, expect, test } from 'vitest';
import { parseRules } from '../../../../dashboard/io/rule-file.ts';
import { ConfigError } from '../../../../native/host/config.ts';

function faultsOf(text: string): readonly string[] {
  try {
    parseRules(text, 'r.yaml');
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

/** Ten times as many values for each line. */
const unfolding = (lines: number): string =>
  Array.from(
    { length: lines },
    (_, line) =>
      `a${line}: &a${line} [${Array<string>(10)
        .fill(line === 0 ? 'x' : `*a${line - 1}`)
        .join(', ')}]\n`,
  ).join('');

const base = 'rules:\n  - name: A\n    metric: cpuCores\n    op: ">"\n    threshold: 1\n';

describe('thresholds', () => {
  test.each([
    ['cpuOfLimitRatio', '80%', 0.8],
    ['cpuOfLimitRatio', '0.8', 0.8],
    ['memoryOfLimitRatio', '"90 %"', 0.9],
    ['memoryWorkingSetBytes', '512MiB', 512 * 2 ** 20],
    ['memoryWorkingSetBytes', '1.5GB', 1.5e9],
    ['memoryWorkingSetBytes', '1000', 1000],
    ['cpuCores', '2.5', 2.5],
  ])('%s > %s is %s', (metric, threshold, want) => {
    const [rule] = parseRules(`rules: [{ name: A, metric: ${metric}, op: '>', threshold: ${threshold} }]`, 'r.yaml');
    expect(rule?.levels[0].threshold).toBe(want);
  });

  test.each([
    ['cpuCores', '80%', 'cpuCores is no ratio'],
    ['memoryWorkingSetBytes', '80%', 'is no ratio'],
    ['cpuCores', '1GiB', 'cpuCores is not in bytes'],
    ['memoryWorkingSetBytes', '1Gb', 'unknown unit "Gb"'],
    ['cpuCores', 'lots', 'expected a number, a percentage'],
    ['cpuCores', '[1]', 'expected a number, 80% or 512MiB'],
  ])('%s > %s is refused', (metric, threshold, want) => {
    const faults = faultsOf(`rules: [{ name: A, metric: ${metric}, op: '>', threshold: ${threshold} }]`);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain('r.yaml:1: rules[0].threshold: ');
    expect(faults[0]).toContain(want);
  });
});

test('everything that may be left out has its default', () => {
  expect(parseRules(base, 'r.yaml')).toEqual([
    {
      id: 'A',
      name: 'A',
      group: 'default',
      origin: { kind: 'file', path: 'r.yaml' },
      enabled: true,
      scope: [],
      match: {},
      query: { metric: 'cpuCores', agg: 'last', windowMs: 0 },
      op: '>',
      levels: [{ severity: 'warning', threshold: 1, recovery: 1 }],
      and: [],
      forMs: 0,
      keepFiringForMs: 0,
      noData: 'keep',
      labels: {},
      annotations: {},
      limit: 1000,
    },
  ]);
});

test('a label may be made of the alert’s labels, and of nothing that is measured', () => {
  const labelled = (label: string): readonly string[] => faultsOf(`${base}    labels: { owner: '${label}' }\n`);
  expect(labelled('{{ $labels.compose_project | toUpper }}')).toEqual([]);
  for (const label of ['{{ $value }}', '{{ $value | humanize }}', 'x {{$value}}'])
    expect(labelled(label)).toEqual([
      expect.stringMatching(
        /labels\.owner: \{\{ ?\$value.* is measured: a label that changes would make a new alert each time$/,
      ),
    ]);
  expect(labelled('{{ .Labels }}')).toEqual([expect.stringContaining('labels.owner: cannot render {{ .Labels }}')]);
  expect(labelled('{{ $labels.host')).toEqual([expect.stringContaining('a {{ is not closed')]);
});

test('all faults are told at once, each with its line', () => {
  const text = `rules:
  - name: 9lives
    metric: disk
    op: "=>"
    threshold: 1
    colour: red
    labels:
      host: mine
      team: "{{ $value }}"
    annotations:
      summary: "{{ .Value }}"
  - name: Fine
    metric: cpuCores
    op: ">"
    threshold: 1
    for: soon
    match: { pod: x }
extra: 1
`;
  expect(faultsOf(text).map((fault) => fault.split(': ').slice(0, 2).join(' '))).toEqual([
    'r.yaml:2 rules[0].name',
    'r.yaml:3 rules[0].metric',
    'r.yaml:4 rules[0].op',
    'r.yaml:8 rules[0].labels.host',
    'r.yaml:9 rules[0].labels.team',
    'r.yaml:11 rules[0].annotations.summary',
    'r.yaml:6 rules[0].colour',
    'r.yaml:16 rules[1].for',
    'r.yaml:17 rules[1].match.pod',
    'r.yaml:18 extra',
  ]);
});

test.each([
  { name: 'an empty file', text: '', want: /^r\.yaml:1: the file: / },
  { name: 'a list', text: '- a', want: /^r\.yaml:1: the file: / },
  { name: 'no rules', text: 'rules:', want: /^r\.yaml:1: rules: / },
  { name: 'broken YAML', text: 'rules: [\n  a: }', want: /^r\.yaml:2: / },
  {
    name: 'a name twice',
    text: `${base}${base.replace('rules:\n', '')}`,
    want: /^r\.yaml:6: rules\[1\]\.name: another rule is called A/,
  },
  { name: 'a key twice', text: `${base}    op: "<"\n`, want: /^r\.yaml:6: / },
  { name: 'an alias of nothing', text: 'rules: *mine', want: /^r\.yaml: .*alias.*: mine$/ },
  { name: 'aliases that unfold without end', text: `${unfolding(9)}rules: []`, want: /^r\.yaml: .*alias/i },
])('$name is one clear sentence', ({ text, want }) => {
  expect(faultsOf(text)[0]).toMatch(want);
});

test('no rules at all is a choice', () => {
  expect(parseRules('rules: []', 'r.yaml')).toEqual([]);
});
