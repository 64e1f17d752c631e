import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  containerLabels,
  escapeLabelValue,
  labelName,
  renderContainers,
  renderOwn,
} from '../../../../statsd/model/exposition.ts';
import { cleanText } from '../../../../statsd/model/text.ts';
import { newOwnCounts, ownMetrics } from '../../../../statsd/model/own-metrics.ts';
import { emptySample, FIELD, FIELDS, type Field } from '../../../../statsd/model/reading.ts';
import { checkExposition } from '../../../support/exposition.ts';

function sampleOf(values: Partial<Record<Field, number>>): Float64Array {
  const sample = emptySample();
  for (const [field, value] of Object.entries(values)) sample[FIELD[field as Field]] = value;
  return sample;
}

const full = sampleOf(Object.fromEntries(FIELDS.map((field, index) => [field, (index + 1) * 1.5])));
const unlimited = sampleOf({
  cpuUsageSeconds: 1234.567891,
  cpuThrottledSeconds: 0,
  memoryUsageBytes: 1e9,
  memoryLimitBytes: Infinity,
  cpuQuotaMicros: Infinity,
  cpuPeriodMicros: 100_000,
  cpuLimitCores: Infinity,
  pidsLimit: Infinity,
  pidsCurrent: 3,
});
const labels = (name: string, allowed: readonly string[] = []): string =>
  containerLabels(
    { cgroupPath: '/docker/c1', name, image: undefined, labels: { 'com.docker.compose.project': 'shop' } },
    allowed,
  );

const facts = {
  version: '0.1.0',
  kernel: '6.18.44',
  cpuCores: 2,
  memoryTotalBytes: 25276456960,
  containers: 2,
  directories: 5,
  keptDescriptors: 20,
  intervalSeconds: 1,
  links: [
    {
      url: 'http://127.0.0.1:8080',
      connected: true,
      framesSent: 4,
      framesDropped: 1,
      framesBackfilled: 2,
      exitsDropped: 0,
    },
  ],
  process: { cpuSeconds: 0.25, residentBytes: 9e7, openDescriptors: 39, startUnixSeconds: 1.7e9 },
};

const text = (): string =>
  [
    ...renderContainers([
      { labels: labels('web', ['com.docker.compose.project']), sample: full },
      { labels: labels('<img src=x onerror=alert(1)>', ['com.docker.compose.project']), sample: unlimited },
      { labels: labels('unknown', ['com.docker.compose.project']), sample: emptySample() },
    ]),
    renderOwn(ownMetrics(newOwnCounts(['cpu', 'memory']), facts)),
  ].join('');

describe('the judge itself', () => {
  const head = '# HELP a_total x\n# TYPE a_total counter\n';
  test.each([
    { name: 'clean', text: `${head}a_total{b="c"} 1\n`, clean: true },
    { name: 'an open quote', text: `${head}a_total{b="c} 1\n`, clean: false },
    { name: 'a series twice', text: `${head}a_total 1\na_total 2\n`, clean: false },
    { name: 'no TYPE', text: 'a_total 1\n', clean: false },
    { name: 'a counter without _total', text: '# HELP a x\n# TYPE a counter\na 1\n', clean: false },
    { name: 'a label in camelCase', text: `${head}a_total{bC="d"} 1\n`, clean: false },
    { name: 'no number', text: `${head}a_total undefined\n`, clean: false },
  ])('$name', ({ text, clean }) => {
    expect(checkExposition(text).length === 0).toBe(clean);
  });
});

describe('/metrics', () => {
  test('the whole text, as read in review', async () => {
    await expect(text()).toMatchFileSnapshot('./exposition.golden.txt');
  });

  test('keeps every rule of the text format', () => {
    expect(checkExposition(text())).toEqual([]);
  });

  test('what is unknown is left out, no limit is 0, quota series are there only with a quota', () => {
    const only = (sample: Float64Array): string => [...renderContainers([{ labels: labels('a'), sample }])].join('');
    expect(only(emptySample())).toBe('');
    const lines = only(unlimited);
    expect(lines).toContain('container_spec_memory_limit_bytes{id="/docker/c1",name="a",image=""} 0\n');
    expect(lines).not.toContain('container_cpu_cfs');
    expect(lines).not.toContain('container_spec_cpu_quota');
    expect(lines).not.toContain('container_fs_reads_bytes_total');
  });

  test('one chunk for each family, so that the event loop runs in between', () => {
    const chunks = [...renderContainers([{ labels: labels('a'), sample: full }])];
    expect(chunks.length).toBeGreaterThan(10);
    expect(chunks.every((chunk) => chunk.match(/^# TYPE /gm)?.length === 1)).toBe(true);
  });

  test('label names and values', () => {
    expect(labelName('com.docker/compose-project')).toBe('container_label_com_docker_compose_project');
    expect(escapeLabelValue('a\\b"c\nd')).toBe('a\\\\b\\"c\\nd');
    expect(labels('a', ['missing'])).toBe('id="/docker/c1",name="a",image="",container_label_missing=""');
  });

  test('no name can break out of its quotes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (name) => {
        const own = containerLabels({ cgroupPath: `/${name}`, name: cleanText(name), image: name, labels: {} }, []);
        return checkExposition([...renderContainers([{ labels: own, sample: full }])].join('')).length === 0;
      }),
    );
  });
});
