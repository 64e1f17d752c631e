import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cadvisorFamilies, seriesBound, SMALL_FAMILIES } from '../../../../statsd/model/container-families.ts';
import { emptyDetails } from '../../../../statsd/model/details.ts';
import {
  boundSeries,
  containerLabels,
  escapeLabelValue,
  labelName,
  seriesLabels,
  type Series,
  type SeriesLabels,
} from '../../../../statsd/model/exposition.ts';
import type { Family } from '../../../../statsd/model/family.ts';
import { newOwnCounts, ownMetrics } from '../../../../statsd/model/own-metrics.ts';
import { renderContainers, renderOwn } from '../../../../statsd/model/rendering.ts';
import { emptySample } from '../../../../statsd/model/reading.ts';
import { cleanText } from '../../../../statsd/model/text.ts';
import { checkExposition } from '../../../support/exposition.ts';
import { cardOf, fullDetails, fullSample, sampleOf, seriesOf } from '../builders.ts';
import { textOf } from '../pages.ts';

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
const PROJECT = 'com.docker.compose.project';
const labels = (name: string, allowed: readonly string[] = [PROJECT]): SeriesLabels =>
  containerLabels(cardOf({ name, labels: { [PROJECT]: 'shop' }, tags: { compose_project: 'shop' } }), allowed);

const stream = { open: 1, refused: 2, framesDropped: 3, clientsDropped: 4 };
const facts = {
  version: '0.1.0',
  hostname: 'h1',
  nodeId: 'n1',
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
  droppedSeries: 7,
  push: { sent: 5, dropped: 1, errors: 2 },
  intake: { datagrams: 9, lines: 12, dropped: { malformed: 1, no_container: 2 }, pauses: 1, series: 4 },
  streams: { docker_stats: stream, stats: stream },
  process: { cpuSeconds: 0.25, residentBytes: 9e7, openDescriptors: 39, startUnixSeconds: 1.7e9 },
};

const nameOf = ({ minor }: { minor: number }): string => `/dev/sd${minor === 0 ? 'a' : 'b'}`;
const full = seriesOf(labels('web'), { details: fullDetails(), health: 'healthy', restartCount: 2 });
const rendered = (all: readonly Series[], families: readonly Family[]): string =>
  textOf((pages) => renderContainers(pages, all, families));
const text = (families = SMALL_FAMILIES): string =>
  textOf(function* (pages) {
    yield* renderContainers(
      pages,
      [
        full,
        seriesOf(labels('<img src=x onerror=alert(1)>'), { sample: unlimited }),
        seriesOf(labels('unknown'), { sample: emptySample() }),
      ].map((series, index) => ({
        ...series,
        ...seriesLabels(series.labels.replace('c1"', `c${index + 1}"`), series.infoLabels),
      })),
      families,
    );
    yield* renderOwn(pages, ownMetrics(newOwnCounts(['cpu', 'memory']), facts));
  });

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
  test.each([
    { profile: 'default', families: SMALL_FAMILIES },
    { profile: 'cadvisor', families: cadvisorFamilies(nameOf) },
  ])('of the profile $profile: the whole text, as read in review, keeps every rule of the format', async (each) => {
    const whole = text(each.families);
    expect(checkExposition(whole)).toEqual([]);
    await expect(whole).toMatchFileSnapshot(`./exposition.${each.profile}.golden.txt`);
  });

  test('of a container has at most 30 series by default, whatever it has', () => {
    const lines = rendered([full], SMALL_FAMILIES).match(/^[^#].*$/gm);
    expect(lines!.length).toBeLessThanOrEqual(30);
  });

  test('what is unknown is left out, no limit is 0, quota series are there only with a quota', () => {
    const only = (sample: Float64Array): string =>
      rendered([{ ...seriesOf(labels('a', [])), sample, infoLabels: '' }], SMALL_FAMILIES);
    expect(only(emptySample())).toBe('');
    const lines = only(unlimited);
    expect(lines).toContain('container_spec_memory_limit_bytes{id="/docker/c1",name="a",image=""} 0\n');
    expect(lines).not.toContain('container_cpu_cfs');
    expect(lines).not.toContain('container_spec_cpu_quota');
    expect(lines).not.toContain('container_fs_reads_bytes_total');
    expect(lines).not.toContain('container_network');
  });

  test.each([
    { name: 'v2', keys: ['pgscan', 'workingset_refault_file'] },
    { name: 'v1, with child cgroups', keys: ['total_pgscan', 'total_workingset_refault_file'] },
  ])('reclaim by the words of $name; what the kernel does not count is left out', ({ keys }) => {
    const details = { ...fullDetails(), memoryStat: { keys, values: Float64Array.of(5, 6) } };
    const lines = rendered([seriesOf(labels('a', []), { details })], cadvisorFamilies(nameOf));
    expect(
      lines.match(/^container_memory_(?:pg|workingset)\w+\{[^}]*\} \d+$/gm)?.map((line) => line.replace(/\{.*\}/, '')),
    ).toEqual(['container_memory_pgscan_total 5', 'container_memory_workingset_refault_file_total 6']);
  });

  test('label names and values', () => {
    expect(labelName('com.docker/compose-project')).toBe('container_label_com_docker_compose_project');
    expect(escapeLabelValue('a\\b"c\nd')).toBe('a\\\\b\\"c\\nd');
    expect(labels('a', ['missing']).labels).toBe('id="/docker/c1",name="a",image=""');
    expect(labels('a').labels).toBe(
      'id="/docker/c1",name="a",image="",container_label_com_docker_compose_project="shop"',
    );
    expect(labels('a').infoLabels).toBe('runtime="docker",kind="container",compose_project="shop"');
  });

  test('of a pod carries the words of the kubelet, and of two labels that become one name the first', () => {
    const pod = cardOf({
      tags: { kube_namespace: 'prod', kube_pod: 'web-1', kube_container: 'app' },
      labels: { 'a.b': '1', 'a-b': '2' },
    });
    expect(containerLabels(pod, ['a.b', 'a-b']).labels).toBe(
      'id="/docker/c1",name="web",image="",namespace="prod",pod="web-1",container="app",container_label_a_b="1"',
    );
  });

  test('no string of a container can break out of its quotes', () => {
    const any = fc.string({ unit: 'binary', maxLength: 50 });
    fc.assert(
      fc.property(any, any, any, (name, word, value) => {
        const key = cleanText(word).toLowerCase();
        const card = cardOf({
          cgroupPath: cleanText(`/${name}`),
          name: cleanText(name),
          image: cleanText(value),
          labels: { [key]: cleanText(value) },
          tags: { compose_project: cleanText(name) },
        });
        const series = seriesOf(containerLabels(card, [key]), { details: fullDetails() });
        return checkExposition(rendered([series], cadvisorFamilies(nameOf))).length === 0;
      }),
      { numRuns: 25 },
    );
  });
});

describe('the bound on series', () => {
  const families = cadvisorFamilies(nameOf);

  test('is never below what a container has', () => {
    for (const details of [emptyDetails(), fullDetails()]) {
      for (const profile of [SMALL_FAMILIES, families]) {
        const series = { ...full, sample: fullSample(), details };
        const count = rendered([series], profile).match(/^[^#]/gm)?.length ?? 0;
        expect(count).toBeLessThanOrEqual(seriesBound(profile, details));
      }
    }
  });

  test('leaves out whole containers, the youngest first, and counts them', () => {
    const all = [full, full, full, full];
    expect(boundSeries(all, 25, () => 10)).toEqual({ shown: [full, full], dropped: 20 });
    expect(boundSeries(all, 40, () => 10)).toEqual({ shown: all, dropped: 0 });
    expect(boundSeries(all, 5, () => 10)).toEqual({ shown: [], dropped: 40 });
  });
});
