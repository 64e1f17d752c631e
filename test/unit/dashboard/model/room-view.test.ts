import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changedRows } from '../../../../dashboard/model/changed-rows.ts';
import { Cluster } from '../../../../dashboard/model/cluster.ts';
import { LiveView } from '../../../../dashboard/model/live-view.ts';
import { roomOf, selectionOf, type Selection } from '../../../../dashboard/model/view-selection.ts';
import { decodeContainerBlock, decodeHostBlock, patchBlock, valueAt } from '../../../../dashboard/web/columns.ts';
import { type InventoryMessage } from '../../../../dashboard/wire.ts';
import { VIEW_COLUMNS } from '../../../../dashboard/view-wire.ts';
import { aContainer, aFrame, anInventory, at, T0 } from '../builders.ts';

const FACTS = { version: '0', startedAtUnixMs: 0, webhooks: 0 };
const NAMES = Array.from({ length: 10 }, (_, index) => `c${index}`);

function liveView(): { cluster: Cluster; view: LiveView } {
  const cluster = new Cluster();
  for (const nodeId of ['n1', 'n2'])
    cluster.inventory(
      anInventory(
        NAMES.map((name) => aContainer(`${name}-${nodeId}`, { labels: { team: name } })),
        { nodeId, hostname: `h-${nodeId}` },
      ),
      at(0),
    );
  const view = new LiveView(cluster, FACTS, { version: 1, etcd: 'off' });
  view.refresh();
  return { cluster, view };
}

const names = (view: LiveView, selection: Selection): string[] =>
  view
    .open(selection)
    .inventory(T0, view.server)
    .containers.map(({ name }) => name);

describe('a room', () => {
  test.each([
    { name: 'of containers without a filter has everything', request: { view: 'containers' }, rows: 20, hosts: 2 },
    { name: 'of the overview has nobody while all are idle', request: { view: 'overview' }, rows: 0, hosts: 2 },
    { name: 'of alerts has no containers', request: { view: 'alerts' }, rows: 0, hosts: 2 },
    { name: 'of hosts has no containers', request: { view: 'hosts' }, rows: 0, hosts: 2 },
    { name: 'of one host has its containers', request: { view: 'host', host: 'n2' }, rows: 10, hosts: 1 },
    {
      name: 'of one container has it and its host',
      request: { view: 'container', key: 'n1/runc:c3-n1' },
      rows: 1,
      hosts: 1,
    },
    {
      name: 'of a line has the container that writes it, and its host',
      request: { view: 'container', series: ['n1/runc/c3-n1'] },
      rows: 1,
      hosts: 1,
    },
    {
      name: 'of a comparison has its lines and hosts, and no other containers of them',
      request: { view: 'compare', series: ['n1/runc/c3-n1', 'n1/runc:c4-n1', 'n2'] },
      rows: 2,
      hosts: 2,
    },
    { name: 'of a comparison of nothing is empty', request: { view: 'compare' }, rows: 0, hosts: 0 },
    { name: 'of a container that is not there is empty', request: { view: 'container', key: 'x' }, rows: 0, hosts: 0 },
    {
      name: 'of a filter has what matches',
      request: { view: 'containers', filter: 'host:h-n1 label:team=c3' },
      rows: 1,
      hosts: 2,
    },
    {
      name: 'of a filter by values has all rows that may match',
      request: { view: 'containers', filter: 'cpu>50%' },
      rows: 20,
      hosts: 2,
    },
  ] as const)('$name', ({ request, rows, hosts }) => {
    const { view } = liveView();
    const inventory = view.open(selectionOf(request)!).inventory(T0, view.server);
    expect([inventory.containers.length, inventory.hosts.length]).toEqual([rows, hosts]);
  });

  test('is shared by two spellings of one filter, and by views that show the same', () => {
    const room = (filter: string): string => roomOf(selectionOf({ view: 'containers', filter })!);
    expect(room('b a cpu>3')).toBe(room('a  b'));
    expect(room('a -b')).not.toBe(room('a b'));
    expect(roomOf(selectionOf({ view: 'compare', series: ['b', 'a', 'b'] })!)).toBe(
      roomOf(selectionOf({ view: 'compare', series: ['a', 'b'] })!),
    );
    expect(room('')).toBe(room('cpu>50%'));
    expect(selectionOf({ view: 'none' })).toBeUndefined();
  });

  test('tells how many there are outside of its filter, and which term leaves nothing over', () => {
    const { view } = liveView();
    const inventory = (filter: string): InventoryMessage =>
      view.open(selectionOf({ view: 'containers', filter })!).inventory(T0, view.server);
    expect(inventory('host:h-n1').totalContainers).toBe(20);
    expect(inventory('host:h-n1').mostExcluding).toBeUndefined();
    expect(inventory('host:h-n1 nobody').mostExcluding).toEqual({ source: 'nobody', matchesWithout: 10 });
  });

  test('of the busiest follows the values each five seconds, and is quiet while the same lead', () => {
    const { cluster, view } = liveView();
    const room = view.open(selectionOf({ view: 'overview' })!);
    const busy = (leader: number, seq: number): void => {
      cluster.frame(
        'n1',
        aFrame(
          seq,
          NAMES.map((_, index) => ({ memoryWorkingSetBytes: index === leader ? 1000 : 100 - index })),
        ),
        at(seq),
      );
    };
    const leaders = (): string[] => room.inventory(T0, view.server).containers.map(({ name }) => name);
    const changes = (): number => {
      let changed = 0;
      for (let second = 0; second < 5; second += 1) changed += Number(view.refreshRoom(room));
      return changed;
    };
    busy(9, 1);
    // The host came alive, which is news of its own.
    view.refresh();
    expect(changes()).toBe(1);
    expect(leaders()).toEqual(['c0-n1', 'c1-n1', 'c2-n1', 'c3-n1', 'c9-n1']);
    busy(9, 2);
    expect(changes()).toBe(0);
    busy(7, 3);
    expect(changes()).toBe(1);
    expect(leaders()).toEqual(['c0-n1', 'c1-n1', 'c2-n1', 'c3-n1', 'c7-n1']);
  });

  test('keeps the order of all', () => {
    const { view } = liveView();
    const all = names(view, { kind: 'all' });
    const some = names(view, selectionOf({ view: 'containers', filter: 'c1' })!);
    expect(some).toEqual(all.filter((name) => name.includes('c1')));
  });

  test('never shares an inventory version with another, and takes a new one when rows change', () => {
    const { cluster, view } = liveView();
    const rooms = [view.open({ kind: 'all' }), view.open({ kind: 'hosts' })];
    const versions = (): number[] => rooms.map((room) => room.frame(T0).inventoryVersion);
    const before = versions();
    cluster.exit('n1', { v: 1, key: 'runc:c1-n1', atUnixMs: T0 }, 0);
    view.refresh();
    expect(rooms.map((room) => view.refreshRoom(room))).toEqual([true, true]);
    expect(new Set([...before, ...versions()]).size).toBe(4);
  });
});

describe('frames', () => {
  const pids = (cluster: Cluster, seq: number, values: readonly number[]): void => {
    cluster.frame(
      'n1',
      aFrame(
        seq,
        values.map((pidsCurrent) => ({ pidsCurrent })),
      ),
      at(seq),
    );
  };

  test('have only the rows that changed, and laid over the one before they are the whole', () => {
    const { cluster, view } = liveView();
    const room = view.open({ kind: 'all' });
    pids(
      cluster,
      1,
      NAMES.map((_, index) => index),
    );
    const whole = room.frame(T0);
    expect(whole.changed).toBeUndefined();
    pids(
      cluster,
      2,
      NAMES.map((_, index) => (index === 4 ? 99 : index)),
    );
    const next = room.frame(T0);
    expect(next.seq).toBe(whole.seq + 1);
    expect(next.containers.byteLength).toBe(VIEW_COLUMNS.length * 4);
    const before = decodeContainerBlock(whole.containers, 20)!;
    const after = patchBlock(before, next.containers, next.changed!);
    expect(after).toEqual(decodeContainerBlock(room.wholeFrame(T0).containers, 20));
    expect(room.wholeFrame(T0).seq).toBe(next.seq);
  });

  test('are whole when much changed, after new rows, and each thirty seconds at least', () => {
    const { cluster, view } = liveView();
    const room = view.open({ kind: 'all' });
    pids(
      cluster,
      1,
      NAMES.map(() => 1),
    );
    room.frame(T0);
    pids(
      cluster,
      2,
      NAMES.map(() => 2),
    );
    expect(room.frame(T0).changed).toBeUndefined();
    expect(room.frame(T0).changed).toEqual(new Uint8Array(3));
    cluster.exit('n2', { v: 1, key: 'runc:c1-n2', atUnixMs: T0 }, 0);
    view.refresh();
    view.refreshRoom(room);
    const wholes = Array.from({ length: 63 }, (_, second) => room.frame(T0 + second * 1000).changed === undefined);
    expect(wholes.flatMap((isWhole, index) => (isWhole ? [index] : []))).toEqual([0, 30, 60]);
  });

  test('are due when a host of the room told something, or its rows are new', () => {
    const { cluster, view } = liveView();
    const [all, other] = [view.open({ kind: 'all' }), view.open({ kind: 'host', nodeId: 'n2' })];
    const due = (): boolean[] => [all, other].map((room) => room.hasNews);
    expect(due()).toEqual([true, true]);
    for (const room of [all, other]) room.frame(T0);
    expect(due()).toEqual([false, false]);
    pids(cluster, 1, [1]);
    expect(due()).toEqual([false, false]); // a frame that fits no table says nothing
    pids(
      cluster,
      1,
      NAMES.map(() => 1),
    );
    expect(due()).toEqual([true, false]);
    all.frame(T0);
    expect(due()).toEqual([false, false]);
    cluster.exit('n2', { v: 1, key: 'runc:c1-n2', atUnixMs: T0 }, 0);
    view.refresh();
    for (const room of [all, other]) view.refreshRoom(room);
    expect(due()).toEqual([true, true]);
  });

  test('have only the hosts that changed, where those are few', () => {
    const cluster = new Cluster();
    const nodes = ['n1', 'n2', 'n3'];
    for (const nodeId of nodes) cluster.inventory(anInventory([], { nodeId, hostname: nodeId }), at(0));
    const view = new LiveView(cluster, FACTS, { version: 1, etcd: 'off' });
    view.refresh();
    const room = view.open({ kind: 'hosts' });
    const whole = room.frame(T0);
    expect(whole.changedHosts).toBeUndefined();
    cluster.frame('n2', aFrame(1, [], { host: { load1: 3 } }), at(1));
    const next = room.frame(T0);
    expect(next.changedHosts).toEqual(Uint8Array.of(2));
    const patched = patchBlock(decodeHostBlock(whole.hosts, 3)!, next.hosts, next.changedHosts!);
    expect(patched).toEqual(decodeHostBlock(room.wholeFrame(T0).hosts, 3));
    expect(valueAt(patched, 'load1', 1)).toBe(3);
  });

  test('that are sent one after the other as hosts tell are the same as one of all', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('n1', 'n2'), fc.nat(9), fc.nat(99))), (told) => {
        const { cluster, view } = liveView();
        const room = view.open({ kind: 'all' });
        let block = decodeContainerBlock(room.frame(T0).containers, 20);
        for (const [index, [nodeId, row, pidsCurrent]] of told.entries()) {
          const rows = NAMES.map((_, at) => ({ pidsCurrent: at === row ? pidsCurrent : at }));
          cluster.frame(nodeId, aFrame(index + 1, rows), at(index + 1));
          const { containers, changed } = room.frame(T0);
          block =
            changed === undefined ? decodeContainerBlock(containers, 20) : patchBlock(block!, containers, changed);
        }
        const fresh = view.open({ kind: 'all' }).frame(T0);
        expect(block).toEqual(decodeContainerBlock(fresh.containers, 20));
      }),
      { numRuns: 50 },
    );
  });

  test('of any two blocks can be told apart and put together again', () => {
    const value = fc.oneof(fc.constant(Number.NaN), fc.float({ noNaN: true }), fc.constantFrom(0, -0));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.infiniteStream(value),
        fc.infiniteStream(fc.boolean()),
        (rows, values, flips) => {
          const size = rows * VIEW_COLUMNS.length;
          const take = (): number => (values.next().value as number | undefined) ?? 0;
          const before = Float32Array.from({ length: size }, take);
          const after = before.map((old) => (flips.next().value === true ? take() : old));
          const changed = changedRows(before, after, rows);
          if (changed === undefined) return;
          const patched = patchBlock(
            decodeContainerBlock(new Uint8Array(before.buffer), rows)!,
            new Uint8Array(changed.block.buffer as ArrayBuffer),
            changed.bitmap,
          );
          expect(patched?.values).toEqual(after);
        },
      ),
    );
  });

  test('of changes that do not fit are refused', () => {
    const before = decodeContainerBlock(new Uint8Array(VIEW_COLUMNS.length * 4 * 2), 2)!;
    expect(patchBlock(before, new Uint8Array(VIEW_COLUMNS.length * 4), Uint8Array.of(3))).toBeUndefined();
  });
});
