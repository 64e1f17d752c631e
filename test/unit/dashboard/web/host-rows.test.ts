import { expect, test } from 'vitest';
import { parseFilter } from '../../../../dashboard/model/filter.ts';
import { decodeHostBlock } from '../../../../dashboard/web/columns.ts';
import { filterHosts, hostRows, orderHosts, parseHostSort } from '../../../../dashboard/web/host-rows.ts';
import { type HostView } from '../../../../dashboard/wire.ts';
import { HOST_VIEW_COLUMNS } from '../../../../dashboard/view-wire.ts';

function host(name: string, over: Partial<HostView> = {}): HostView {
  return {
    nodeId: `n-${name}`,
    name,
    state: 'live',
    lastFrameUnixMs: 1000,
    kernel: undefined,
    cgroupMode: undefined,
    cpuCores: 4,
    memoryTotalBytes: 100,
    agentVersion: undefined,
    tags: {},
    containers: 1,
    overlay: undefined,
    ...over,
  };
}

const hosts = [host('h10', { state: 'stale' }), host('h2', { containers: 9 }), host('h1', { cpuCores: undefined })];
/** Each value is 1, 2, 3 in the order of the hosts. */
const block = decodeHostBlock(new Uint8Array(Float32Array.from(HOST_VIEW_COLUMNS.flatMap(() => [1, 2, 3])).buffer), 3);
const rows = hostRows({ hosts, block, frameUnixMs: 1000, nowUnixMs: 2000, alertsOf: new Map([['h1', 2]]) });

test.each([
  { sort: null, want: 'h1 h2 h10' },
  { sort: '-name', want: 'h10 h2 h1' },
  { sort: '-state', want: 'h10 h1 h2' },
  { sort: '-containers', want: 'h2 h1 h10' },
  { sort: '-cpu', want: 'h2 h10 h1' },
  { sort: 'cpu', want: 'h10 h2 h1' },
  { sort: '-memory', want: 'h1 h2 h10' },
  { sort: '-alerts', want: 'h1 h2 h10' },
  { sort: 'nonsense', want: 'h1 h2 h10' },
])('sorted by $sort', ({ sort, want }) => {
  expect(orderHosts(rows, parseHostSort(sort))).toEqual(want.split(' ').map((name) => `n-${name}`));
});

test.each([
  { filter: 'host:h2', want: ['h2'] },
  { filter: 'state:stale', want: ['h10'] },
  { filter: 'cpu>=50%', want: ['h2'] },
  { filter: 'mem>2', want: ['h1'] },
  { filter: '-name:~0$', want: ['h2', 'h1'] },
])('filtered by $filter', ({ filter, want }) => {
  expect(filterHosts(rows, parseFilter(filter)).map((row) => row.host.name)).toEqual(want);
});
