import { expect, test } from 'vitest';
import { attentionItems } from '../../../../dashboard/web/attention.ts';
import { clusterUsage, CPU_USAGE, formatFreshness, hostDataAgeMs } from '../../../../dashboard/web/host-facts.ts';
import { decodeHostBlock } from '../../../../dashboard/web/columns.ts';
import { retryDelayMs } from '../../../../dashboard/web/retry.ts';
import { alertTransitions } from '../../../../dashboard/web/transitions.ts';
import { type AlertView, type HostView, type OverlayView, type ServerView } from '../../../../dashboard/wire.ts';
import { HOST_VIEW_COLUMNS } from '../../../../dashboard/view-wire.ts';

const NOW = 1_000_000;

function alert(overrides: Partial<AlertView> = {}): AlertView {
  return {
    fingerprint: 'f1',
    rule: 'CpuHigh',
    state: 'firing',
    labels: { alertname: 'CpuHigh', host: 'h1', container: 'web' },
    annotations: {},
    severity: 'critical',
    metric: 'cpuOfLimitRatio',
    value: 0.9,
    threshold: 0.8,
    forMs: 30_000,
    activeAtUnixMs: NOW - 40_000,
    firedAtUnixMs: NOW - 10_000,
    resolvedAtUnixMs: undefined,
    resolvedBecause: undefined,
    flapping: false,
    noData: false,
    delivery: 'sent',
    ...overrides,
  };
}

const overlay: OverlayView = {
  subnet: '10.5.1.0/24',
  publicIp: '192.0.2.1',
  vtepMac: '62:4e:97:0a:1b:01',
  vni: 1,
  mtu: 1450,
  backendType: 'vxlan',
  present: true,
};

function host(name: string, overrides: Partial<HostView> = {}): HostView {
  return {
    nodeId: `node-${name}`,
    name,
    state: 'live',
    lastFrameUnixMs: NOW - 1000,
    kernel: undefined,
    cgroupMode: undefined,
    cpuCores: 4,
    memoryTotalBytes: 1000,
    agentVersion: undefined,
    tags: {},
    containers: 2,
    overlay,
    ...overrides,
  };
}

const server: ServerView = { version: '0.1.0', startedAtUnixMs: 0, etcd: 'connected', webhooks: 0 };
const calm = { alerts: [], hosts: [host('h1')], server, nowUnixMs: NOW };

test.each([
  { name: 'nothing when all is well', input: calm, want: [] },
  { name: 'not a host that is merely late', input: { ...calm, hosts: [host('h1', { state: 'late' })] }, want: [] },
  { name: 'a stale host', input: { ...calm, hosts: [host('h1', { state: 'stale' })] }, want: ['stale:node-h1'] },
  {
    name: 'an overlay agent that left',
    input: { ...calm, hosts: [host('h1', { overlay: { ...overlay, present: false } })] },
    want: ['overlay:node-h1'],
  },
  {
    name: 'a host without an overlay among hosts with one',
    input: { ...calm, hosts: [host('h1'), host('h2', { overlay: undefined })] },
    want: ['overlay:node-h2'],
  },
  {
    name: 'no overlay where nobody has one',
    input: { ...calm, hosts: [host('h1', { overlay: undefined })] },
    want: [],
  },
  {
    name: 'etcd, and nothing of the overlay that only etcd could tell',
    input: {
      ...calm,
      server: { ...server, etcd: 'unavailable' as const },
      hosts: [host('h1'), host('h2', { overlay: undefined })],
    },
    want: ['etcd'],
  },
  {
    name: 'the worst first, what fires before what may, and nothing that is over',
    input: {
      ...calm,
      hosts: [host('h1', { state: 'stale', lastFrameUnixMs: NOW - 60_000 }), host('h2')],
      alerts: [
        alert({ fingerprint: 'pending', state: 'pending', firedAtUnixMs: undefined }),
        alert({ fingerprint: 'warning', severity: 'warning' }),
        alert({ fingerprint: 'over', state: 'resolved' }),
        alert({ fingerprint: 'critical' }),
      ],
    },
    want: ['stale:node-h1', 'alert:critical', 'alert:warning', 'alert:pending'],
  },
])('needs attention: $name', ({ input, want }) => {
  expect(attentionItems(input).map(({ id }) => id)).toEqual(want);
});

test('an alert leads to the silence of just itself, what is no alert to none', () => {
  const items = attentionItems({ ...calm, alerts: [alert()], hosts: [host('h1', { state: 'stale' })] });
  expect(items.map(({ silenceHref }) => silenceHref)).toEqual([
    `/alerts/silences?new=${encodeURIComponent('alertname="CpuHigh",host="h1",container="web"')}`,
    undefined,
  ]);
});

test('an alert says how far it is from firing', () => {
  const pending = alert({ state: 'pending', activeAtUnixMs: NOW - 12_000, firedAtUnixMs: undefined });
  const [item] = attentionItems({ ...calm, alerts: [pending] });
  expect(item?.what).toBe('CpuHigh, web on h1');
  expect(item?.detail.replaceAll('\u00a0', ' ')).toBe('pending 12 s of 30 s: 90.0 %, threshold 80 %');
});

test('an alert without data counts nothing', () => {
  const pending = alert({ state: 'pending', firedAtUnixMs: undefined, noData: true });
  const [item] = attentionItems({ ...calm, alerts: [pending] });
  expect(item?.detail.replaceAll('\u00a0', ' ')).toBe('pending, no data: state kept: 90.0 %, threshold 80 %');
});

test.each([
  { name: 'a new alert', before: [], after: [alert()], want: ['Alert firing: CpuHigh, web on h1.'] },
  { name: 'nothing for what is as it was', before: [alert()], after: [alert({ value: 0.95 })], want: [] },
  {
    name: 'the end of one',
    before: [alert()],
    after: [alert({ state: 'resolved' })],
    want: ['Alert resolved: CpuHigh, web on h1.'],
  },
  { name: 'nothing for the end of one never seen', before: [], after: [alert({ state: 'resolved' })], want: [] },
  {
    name: 'the rule alone without a subject',
    before: [],
    after: [alert({ labels: {} })],
    want: ['Alert firing: CpuHigh.'],
  },
])('announces $name', ({ before, after, want }) => {
  expect(alertTransitions(before, after)).toEqual(want);
});

test.each([
  {
    name: 'of a live host is that of the frame',
    state: 'live' as const,
    frame: NOW - 500,
    last: NOW - 90_000,
    want: 500,
  },
  {
    name: 'of a stale host is that of its own last frame',
    state: 'stale' as const,
    frame: NOW,
    last: NOW - 20_000,
    want: 20_000,
  },
  { name: 'is unknown before the first frame', state: 'stale' as const, frame: NOW, last: undefined, want: undefined },
])('the age of data $name', ({ state, frame, last, want }) => {
  expect(hostDataAgeMs({ state, lastFrameUnixMs: last }, frame, NOW)).toBe(want);
});

test('fresh data is simply current', () => {
  expect(formatFreshness(2_900)).toBe('now');
  expect(formatFreshness(23_000).replace('\u00a0', ' ')).toBe('23 s');
  expect(formatFreshness(undefined)).toBe('—');
});

test('a silent host is neither used nor free capacity', () => {
  const cpuOf = (first: number, second: number): ReturnType<typeof decodeHostBlock> =>
    decodeHostBlock(
      new Uint8Array(
        Float32Array.from(HOST_VIEW_COLUMNS.flatMap((_, at) => (at === 0 ? [first, second] : [0, 0]))).buffer,
      ),
      2,
    );
  const block = cpuOf(1, Number.NaN);
  const stale = cpuOf(1, 3);
  expect(clusterUsage([host('h1'), host('h2')], block, CPU_USAGE)).toEqual({ used: 1, total: 4 });
  expect(clusterUsage([host('h1'), host('h2', { state: 'stale' })], stale, CPU_USAGE)).toEqual({ used: 1, total: 4 });
  expect(clusterUsage([], undefined, CPU_USAGE)).toEqual({ used: Number.NaN, total: Number.NaN });
});

test('tries again later and later, spread, and never later than five seconds', () => {
  expect([0, 1, 2, 3, 9].map((attempt) => retryDelayMs(attempt, 0.5))).toEqual([500, 1000, 2000, 4000, 4000]);
  expect(retryDelayMs(3, 0)).toBe(3000);
  expect(retryDelayMs(1000, 0.999)).toBeLessThanOrEqual(5000);
});
