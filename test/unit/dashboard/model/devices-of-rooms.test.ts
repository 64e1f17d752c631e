import { describe, expect, test } from 'vitest';
import { Cluster } from '../../../../dashboard/model/cluster.ts';
import { LiveView } from '../../../../dashboard/model/live-view.ts';
import type { RoomDevices } from '../../../../dashboard/model/room-devices.ts';
import { parseScope } from '../../../../dashboard/model/scope.ts';
import { roomOf, selectionOf } from '../../../../dashboard/model/view-selection.ts';
import type { Subscribe } from '../../../../dashboard/wire.ts';
import type { ContainerDevices, InterfaceCounts } from '../../../../statsd/device-wire.ts';
import type { ContainerInventory } from '../../../../statsd/wire.ts';
import { aContainer, anInventory, at, T0 } from '../builders.ts';

const FACTS = { version: '0', startedAtUnixMs: 0, webhooks: 0 };
const WEB: Subscribe = { view: 'container', series: ['n1/runc/web'] };

function devicesOf(
  containers: readonly ContainerInventory[],
  { answers, scope, request = WEB }: { answers?: string[]; scope?: string; request?: Subscribe } = {},
): RoomDevices | undefined {
  const cluster = new Cluster();
  cluster.inventory(anInventory(containers, answers === undefined ? {} : { answers }), at(0));
  const view = new LiveView(cluster, FACTS, { version: 1, etcd: 'off' });
  view.refresh();
  return view.open(selectionOf(request)!, scope === undefined ? undefined : parseScope(scope)).devices;
}

const eth0 = (bytes: number, over: Partial<InterfaceCounts> = {}): InterfaceCounts => ({
  name: 'eth0',
  ifindex: 2,
  receiveBytes: bytes,
  transmitBytes: 2 * bytes,
  receiveDropped: 3,
  ...over,
});

/** Room with the container `web`, of which an agent answered so each second. */
function afterAnswers(...answers: Omit<ContainerDevices, 'key'>[]) {
  const devices = devicesOf([aContainer('web')], { answers: ['devices'] })!;
  const [question] = devices.questions();
  for (const [second, answer] of answers.entries()) {
    const read = { monotonicMs: 1000 * second, timeUnixMs: T0 + 1000 * second };
    devices.take(question!, { ...read, containers: [{ key: 'runc:web', ...answer }] }, T0 + 1000 * second + 50);
  }
  return devices.message().containers[0]!;
}

describe('who is asked', () => {
  test('the agent of the container whose page it is, by the name that the agent knows it by', () => {
    const devices = devicesOf([aContainer('web'), aContainer('other')], { answers: ['devices', 'moods'] })!;
    expect(devices.questions()).toEqual([{ nodeId: 'n1', keys: ['runc:web'], intervalMs: 1000 }]);
    expect(devices.message().containers).toMatchObject([{ key: 'n1/runc:web', state: 'waiting', sharedWith: [] }]);
  });

  test('no agent of before, and that is told', () => {
    const devices = devicesOf([aContainer('web')])!;
    expect(devices.questions()).toEqual([]);
    expect(devices.message().containers).toMatchObject([{ state: 'untold' }]);
  });

  test.each([
    { view: 'compare', series: ['n1/runc/web'] },
    { view: 'host', host: 'n1' },
    { view: 'containers' },
  ] as const)('nobody for the view $view', (request) => {
    expect(devicesOf([aContainer('web')], { answers: ['devices'], request })).toBeUndefined();
  });

  test('a comparison of one line is another room than its page', () => {
    expect(roomOf(selectionOf(WEB)!)).not.toBe(roomOf(selectionOf({ ...WEB, view: 'compare' })!));
  });
});

describe('what is told', () => {
  test('totals at once, and rates from the second answer on', () => {
    expect(afterAnswers({ interfaces: [eth0(100)] }).interfaces).toMatchObject([
      { name: 'eth0', receiveBytesPerSecond: undefined, receiveDropped: 3 },
    ]);
    expect(
      afterAnswers({ interfaces: [eth0(100)], blockDevices: [] }, { interfaces: [eth0(600)], blockDevices: [] }),
    ).toMatchObject({
      state: 'told',
      toldAtUnixMs: T0 + 1050,
      interfaces: [{ receiveBytesPerSecond: 500, transmitBytesPerSecond: 1000, transmitErrors: undefined }],
      blockDevices: [],
    });
  });

  test.each([
    { name: 'a counter that went back', interfaces: [eth0(50)] },
    { name: 'another interface under the same name', interfaces: [eth0(600, { ifindex: 7 })] },
    { name: 'an interface that is new', interfaces: [eth0(600, { name: 'eth1' })] },
  ])('no rate for $name', ({ interfaces }) => {
    expect(afterAnswers({ interfaces: [eth0(100)] }, { interfaces }).interfaces).toMatchObject([
      { receiveBytesPerSecond: undefined },
    ]);
  });

  test('disks by device', () => {
    const disk = (bytes: number): Omit<ContainerDevices, 'key'> => ({
      blockDevices: [{ name: '/dev/vda', readBytes: bytes, writeBytes: 0 }],
    });
    const told = afterAnswers(disk(0), disk(4096));
    expect(told.interfaces).toBeUndefined();
    expect(told.blockDevices).toEqual([
      { name: '/dev/vda', readBytesPerSecond: 4096, writeBytesPerSecond: 0, readBytes: 4096, writeBytes: 0 },
    ]);
  });

  test('the same tick twice keeps its rates, and a container that was not asked for is left out', () => {
    const devices = devicesOf([aContainer('web')], { answers: ['devices'] })!;
    const [question] = devices.questions();
    const take = (monotonicMs: number, key: string, bytes: number): void => {
      const containers = [{ key, interfaces: [eth0(bytes)] }];
      devices.take(question!, { monotonicMs, timeUnixMs: T0 + monotonicMs, containers }, T0);
    };
    take(0, 'runc:web', 0);
    take(1000, 'runc:web', 7);
    take(1000, 'runc:web', 7);
    take(2000, 'runc:other', 9);
    expect(devices.message().containers).toMatchObject([
      { key: 'n1/runc:web', interfaces: [{ receiveBytesPerSecond: 7 }] },
    ]);
  });
});

describe('a shared network', () => {
  const inPod = (name: string, labels = {}): ContainerInventory =>
    aContainer(name, { network: 'shared', netnsInode: 42, labels });

  test('names the others in it, and only those', () => {
    const others = [inPod('proxy'), aContainer('alone', { network: 'own', netnsInode: 43 }), aContainer('unknown')];
    const [told] = devicesOf([inPod('web'), ...others])!.message().containers;
    expect(told).toMatchObject({ sharedWith: [{ key: 'n1/runc:proxy', name: 'proxy' }], sharedCount: 1 });
  });

  test('names a few of many, and none that somebody may not see', () => {
    const many = Array.from({ length: 20 }, (_, index) => inPod(`side-${index}`));
    const [told] = devicesOf([inPod('web'), ...many])!.message().containers;
    expect([told!.sharedWith.length, told!.sharedCount]).toEqual([8, 20]);
    const mine = [inPod('web', { team: 'a' }), inPod('mine', { team: 'a' }), inPod('theirs', { team: 'b' })];
    const [scoped] = devicesOf(mine, { scope: 'label_team=a' })!.message().containers;
    expect(scoped!.sharedWith.map(({ name }) => name)).toEqual(['mine']);
  });
});
