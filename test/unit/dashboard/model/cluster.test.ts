import { describe, expect, test } from 'vitest';
import { Cluster, FORGET_AFTER_MS, hostStateAt, MAX_CONTAINERS } from '../../../../dashboard/model/cluster.ts';
import { columnIndex } from '../../../../dashboard/model/container-row.ts';
import {
  containerBlock,
  hostBlock,
  historyMessage,
  HISTORY_POINTS,
  inventoryMessage,
  rowOrder,
} from '../../../../dashboard/model/cluster-view.ts';
import { VIEW_COLUMNS, type ViewColumn } from '../../../../dashboard/view-wire.ts';
import type { FlannelPresence } from '../../../../flannel/presence-wire.ts';
import { aContainer, aFrame, anInventory, at, T0 } from '../builders.ts';

function clusterWith(...containers: Parameters<typeof anInventory>[0]): Cluster {
  const cluster = new Cluster();
  cluster.connect('n1', 'h1', at(0));
  expect(cluster.inventory(anInventory(containers), at(0))).toBe('applied');
  return cluster;
}

function value(cluster: Cluster, name: string, column: ViewColumn): number | undefined {
  return cluster.find(`n1/runc:${name}`)?.row.values[columnIndex(column)];
}

const presence = (over: Partial<FlannelPresence> = {}): FlannelPresence => ({
  v: 1,
  nodeId: 'n1',
  hostname: 'h1',
  version: '0.1.0',
  pid: 1,
  startedAtUnixMs: T0,
  publicIp: '192.168.77.11',
  subnet: '10.5.1.0/24',
  backendType: 'vxlan',
  vni: 1,
  vtepMac: '02:00:00:00:00:01',
  mtu: 1450,
  ...over,
});

describe('values', () => {
  test('rates need two frames, gauges one', () => {
    const cluster = clusterWith(aContainer('api', { cpuLimitCores: 0.5, memoryLimitBytes: 200 }));
    expect(cluster.frame('n1', aFrame(1, [{ cpuUsageSeconds: 10, memoryWorkingSetBytes: 50 }]), at(1))).toBe('live');
    expect(value(cluster, 'api', 'cpuCores')).toBeNaN();
    expect(value(cluster, 'api', 'memoryOfLimitRatio')).toBe(0.25);
    cluster.frame('n1', aFrame(2, [{ cpuUsageSeconds: 10.25, memoryWorkingSetBytes: 50 }]), at(2));
    expect(value(cluster, 'api', 'cpuCores')).toBe(0.25);
    expect(value(cluster, 'api', 'cpuOfLimitRatio')).toBe(0.5);
  });

  test('without a quota 100 % is the host, without a limit there is no memory ratio', () => {
    const cluster = clusterWith(aContainer('api'));
    cluster.frame('n1', aFrame(1, [{ cpuUsageSeconds: 0, memoryWorkingSetBytes: 50 }]), at(1));
    cluster.frame('n1', aFrame(2, [{ cpuUsageSeconds: 1, memoryWorkingSetBytes: 50 }]), at(2));
    expect(value(cluster, 'api', 'cpuOfLimitRatio')).toBe(0.25);
    expect(value(cluster, 'api', 'memoryOfLimitRatio')).toBeNaN();
  });

  test('frames as far apart as they were asked for are neither late nor a gap, also the last one of them', () => {
    const cluster = clusterWith(aContainer('api'));
    cluster.setPace(5000);
    const frame = (second: number): void => {
      cluster.frame('n1', aFrame(second, [{ cpuUsageSeconds: second }], { monotonicMs: second * 1040 }), at(second));
    };
    frame(1);
    frame(6);
    expect(value(cluster, 'api', 'cpuCores')).toBeCloseTo(1 / 1.04);
    cluster.tick(11_000);
    expect(cluster.hosts.get('n1')?.state).toBe('live');
    cluster.setPace(0);
    cluster.tick(12_000);
    expect(cluster.hosts.get('n1')?.state).toBe('live');
    frame(12);
    expect(value(cluster, 'api', 'cpuCores')).toBeCloseTo(1 / 1.04);
    cluster.tick(15_000);
    expect(cluster.hosts.get('n1')?.state).toBe('late');
    // Every frame was asked for: this is a gap.
    frame(18);
    expect(value(cluster, 'api', 'cpuCores')).toBeNaN();
  });

  test('an agent that starts anew makes no rate out of two lives', () => {
    const cluster = clusterWith(aContainer('api'));
    cluster.frame('n1', aFrame(100, [{ cpuUsageSeconds: 5 }]), at(100));
    cluster.frame('n1', aFrame(1, [{ cpuUsageSeconds: 9 }], { timeUnixMs: T0 + 103_000 }), at(103));
    expect(value(cluster, 'api', 'cpuCores')).toBeNaN();
    cluster.frame('n1', aFrame(2, [{ cpuUsageSeconds: 9.5 }], { timeUnixMs: T0 + 104_000 }), at(104));
    expect(value(cluster, 'api', 'cpuCores')).toBe(0.5);
  });

  test.each([
    { name: 'negative', bad: -1 },
    { name: 'infinite', bad: Infinity },
    { name: 'not a number', bad: NaN },
  ])('a $name counter is unknown', ({ bad }) => {
    const cluster = clusterWith(aContainer('api'));
    cluster.frame('n1', aFrame(1, [{ cpuUsageSeconds: 1, memoryWorkingSetBytes: bad, pidsCurrent: bad }]), at(1));
    cluster.frame('n1', aFrame(2, [{ cpuUsageSeconds: bad, memoryWorkingSetBytes: bad, pidsCurrent: bad }]), at(2));
    for (const column of VIEW_COLUMNS) expect(value(cluster, 'api', column)).toBeNaN();
  });
});

describe('tables', () => {
  test('a frame of an unknown table or of a wrong length changes nothing', () => {
    const cluster = clusterWith(aContainer('api'));
    expect(cluster.frame('n1', aFrame(1, [{}], { tableVersion: 2 }), at(1))).toBe('unknown-table');
    expect(cluster.frame('n1', aFrame(1, [{}, {}]), at(1))).toBe('wrong-length');
    expect(cluster.frame('n9', aFrame(1, [{}]), at(1))).toBe('unknown-table');
    expect(cluster.hosts.get('n1')?.feed.lastReceived).toBeUndefined();
  });

  test('a frame under way while the table changed is still read', () => {
    const cluster = clusterWith(aContainer('api'), aContainer('old'));
    cluster.inventory(anInventory([aContainer('api'), aContainer('new')], { tableVersion: 2 }), at(1));
    cluster.frame('n1', aFrame(1, [{ pidsCurrent: 3 }, { pidsCurrent: 4 }]), at(1));
    expect(value(cluster, 'api', 'pidsCurrent')).toBe(3);
    expect(cluster.find('n1/runc:old')).toBeUndefined();
    expect(value(cluster, 'new', 'pidsCurrent')).toBeNaN();
  });

  test('two containers of one key are refused', () => {
    const cluster = clusterWith(aContainer('api'));
    expect(cluster.inventory(anInventory([aContainer('x'), aContainer('x')]), at(1))).toBe('duplicate-key');
    expect(cluster.find('n1/runc:api')).toBeDefined();
  });

  test('more containers than there is room for are refused', () => {
    const cluster = new Cluster();
    const many = Array.from({ length: 20_000 }, (_, index) => aContainer(`c${index}`));
    for (const nodeId of ['n1', 'n2']) expect(cluster.inventory(anInventory(many, { nodeId }), at(0))).toBe('applied');
    expect(cluster.inventory(anInventory(many, { nodeId: 'n3' }), at(0))).toBe('too-many-containers');
    expect(cluster.inventory(anInventory(many, { nodeId: 'n1' }), at(0))).toBe('applied');
    expect(cluster.containerCount()).toBeLessThanOrEqual(MAX_CONTAINERS);
  });

  test('an exit removes its container at once', () => {
    const cluster = clusterWith(aContainer('api'), aContainer('db'));
    const before = cluster.revision;
    cluster.exit('n1', { v: 1, key: 'runc:api', atUnixMs: T0 }, 0);
    expect(cluster.revision).toBe(before + 1);
    expect(rowOrder(cluster).containers.map(({ row }) => row.inventory.name)).toEqual(['db']);
    cluster.exit('n1', { v: 1, key: 'runc:api', atUnixMs: T0 }, 0);
    expect(cluster.revision).toBe(before + 1);
  });
});

describe('hosts', () => {
  test.each([
    { ageMs: undefined, want: 'stale' },
    { ageMs: 0, want: 'live' },
    { ageMs: 2000, want: 'live' },
    { ageMs: 4000, want: 'late' },
    { ageMs: 15_000, want: 'late' },
    { ageMs: 15_001, want: 'stale' },
  ])('a frame $ageMs ms ago: $want', ({ ageMs, want }) => {
    expect(hostStateAt(ageMs, 1000)).toBe(want);
  });

  test.each([
    { ageMs: 60_000, want: 'live' },
    { ageMs: 120_500, want: 'live' },
    { ageMs: 180_000, want: 'late' },
  ])('that tells a frame a minute, $ageMs ms after the last one: $want', ({ ageMs, want }) => {
    expect(hostStateAt(ageMs, 60_000)).toBe(want);
  });

  test('that tells a frame a minute is stale after three of them', () => {
    expect(hostStateAt(180_001, 60_000)).toBe('stale');
  });

  test('that told what it is, and no frame yet, is late, and stale when none comes', () => {
    const cluster = new Cluster();
    cluster.expect({ nodeId: 'n1', name: 'h1' }, 0);
    cluster.tick(1000);
    expect(cluster.hosts.get('n1')?.state).toBe('stale');
    cluster.inventory(anInventory([aContainer('api')]), at(2));
    cluster.tick(3000);
    expect(cluster.hosts.get('n1')?.state).toBe('late');
    cluster.tick(20_000);
    expect(cluster.hosts.get('n1')?.state).toBe('stale');
  });

  test('a silent host goes late, then stale with its last values, and is forgotten after a day', () => {
    const cluster = clusterWith(aContainer('api'));
    cluster.frame('n1', aFrame(1, [{ pidsCurrent: 7 }]), at(1));
    expect(cluster.tick(1200).map(({ host, was }) => [was, host.state])).toEqual([['stale', 'live']]);
    expect(cluster.tick(6000).map(({ host }) => host.state)).toEqual(['late']);
    expect(cluster.tick(20_000).map(({ host }) => host.state)).toEqual(['stale']);
    const stamp = {
      inventoryVersion: 1,
      nowUnixMs: T0,
      server: { version: '', startedAtUnixMs: 0, etcd: 'off', webhooks: 0 },
    } as const;
    expect(inventoryMessage(rowOrder(cluster), stamp).containers[0]?.state).toBe('stale');
    expect(value(cluster, 'api', 'pidsCurrent')).toBe(7);
    cluster.tick(FORGET_AFTER_MS + 2000);
    expect(cluster.hosts.size).toBe(0);
    expect(cluster.containerCount()).toBe(0);
  });

  test('overlay facts come from etcd, stay when the key runs out, and say nothing while etcd is away', () => {
    const cluster = clusterWith(aContainer('api'));
    const overlay = (etcd: 'connected' | 'unavailable') =>
      inventoryMessage(rowOrder(cluster), {
        inventoryVersion: 1,
        nowUnixMs: T0,
        server: { version: '', startedAtUnixMs: 0, etcd, webhooks: 0 },
      }).hosts.map((host) => [host.name, host.overlay?.subnet, host.overlay?.present]);
    cluster.presences([presence(), presence({ nodeId: 'n2', hostname: 'h2', subnet: '10.5.2.0/24' })], 0);
    expect(overlay('connected')).toEqual([
      ['h1', '10.5.1.0/24', true],
      ['h2', '10.5.2.0/24', true],
    ]);
    const before = cluster.revision;
    cluster.presences([presence(), presence({ nodeId: 'n2', hostname: 'h2', subnet: '10.5.2.0/24' })], 1);
    expect(cluster.revision).toBe(before);
    cluster.presences([presence()], 2);
    expect(overlay('connected')).toEqual([
      ['h1', '10.5.1.0/24', true],
      ['h2', '10.5.2.0/24', false],
    ]);
    expect(overlay('unavailable').map(([, , present]) => present)).toEqual([undefined, undefined]);
  });
});

describe('messages', () => {
  test('frames are column after column, in the order of the inventory', () => {
    const cluster = clusterWith(aContainer('b'), aContainer('a'));
    cluster.frame(
      'n1',
      aFrame(1, [{ pidsCurrent: 2 }, { pidsCurrent: 1 }], {
        host: { memoryTotalBytes: 100, memoryAvailableBytes: 40 },
      }),
      at(1),
    );
    const order = rowOrder(cluster);
    const containers = containerBlock(order);
    expect(order.containers.map(({ row }) => row.inventory.name)).toEqual(['a', 'b']);
    const pids = columnIndex('pidsCurrent') * 2;
    expect([...containers.slice(pids, pids + 2)]).toEqual([1, 2]);
    expect([...hostBlock(order)].slice(0, 5)).toEqual([NaN, 60, 0, 0, NaN]);
  });

  test('history merges frames that came late, and those of a clock that is wrong', () => {
    for (const skewMs of [0, 3_600_000]) {
      const cluster = clusterWith(aContainer('api'));
      const frame = (seq: number) =>
        aFrame(seq, [{ memoryWorkingSetBytes: seq }], { timeUnixMs: T0 + seq * 1000 + skewMs });
      cluster.frame('n1', frame(11), at(11));
      for (let seq = 1; seq <= 10; seq += 1) expect(cluster.frame('n1', frame(seq), at(12))).toBe('history');
      const message = historyMessage(rowOrder(cluster), { nowUnixMs: T0 + 11_000, inventoryVersion: 1 });
      const block = new Float32Array(new Uint8Array(message.block).buffer);
      expect([...block.slice(-3)]).toEqual([1, 4, 9]);
      expect(block).toHaveLength(2 * HISTORY_POINTS);
    }
  });

  test('the totals sum what the hosts told, live or late, and are NaN where none did', () => {
    const cluster = clusterWith(aContainer('api'));
    cluster.inventory(anInventory([], { nodeId: 'n2', hostname: 'h2' }), at(0));
    const frame = (seq: number, rows: readonly object[]) =>
      aFrame(seq, rows, { host: { cpuBusySeconds: seq / 2, memoryTotalBytes: 100, memoryAvailableBytes: 70 } });
    for (let seq = 11; seq <= 13; seq += 1) cluster.frame('n1', frame(seq, [{}]), at(seq));
    for (let seq = 6; seq <= 10; seq += 1) cluster.frame('n1', frame(seq, [{}]), at(14));
    for (let seq = 12; seq <= 13; seq += 1) cluster.frame('n2', frame(seq, []), at(seq));
    const message = historyMessage(rowOrder(cluster), { nowUnixMs: T0 + 13_000, inventoryVersion: 1 });
    const sums = new Float32Array(new Uint8Array(message.cluster).buffer);
    expect(sums).toHaveLength(2 * HISTORY_POINTS);
    const [before, one, both] = sums.slice(HISTORY_POINTS - 3, HISTORY_POINTS);
    expect(before).toBeNaN();
    expect(one).toBeCloseTo(0.5, 3);
    expect(both).toBeCloseTo(1, 3);
    expect([...sums.slice(-3)]).toEqual([NaN, 30, 60]);
  });

  test('a cluster without anything is an empty message', () => {
    const order = rowOrder(new Cluster());
    expect(containerBlock(order)).toHaveLength(0);
    expect(historyMessage(order, { nowUnixMs: T0, inventoryVersion: 1 }).block).toHaveLength(0);
  });
});
