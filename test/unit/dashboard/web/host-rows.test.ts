import { expect, test } from 'vitest';
import { parseFilter } from '../../../../dashboard/model/filter.ts';
import { decodeHostBlock } from '../../../../dashboard/web/columns.ts';
import { filterHosts, hostRows, orderHosts, parseHostSort } from '../../../../dashboard/web/host-rows.ts';
import { HOST_VIEW_COLUMNS } from '../../../../dashboard/view-wire.ts';
import { aHostView } from './builders.ts';

const hosts = [
  aHostView('h10', { state: 'stale', bootTimeUnixMs: 500, tags: { zone: 'b' } }),
  aHostView('h2', { containers: 9, bootTimeUnixMs: 100, kernel: '6.12' }),
  aHostView('h1', { cpuCores: undefined, tags: { zone: 'a', rack: '7' }, kernel: '6.2' }),
];
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
  { sort: '-mount', want: 'h1 h2 h10' },
  { sort: 'mount', want: 'h10 h2 h1' },
  { sort: '-network', want: 'h1 h2 h10' },
  // The longest up first; who does not tell is last either way.
  { sort: '-uptime', want: 'h2 h10 h1' },
  { sort: 'uptime', want: 'h10 h2 h1' },
  { sort: 'labels', want: 'h1 h10 h2' },
  { sort: 'kernel', want: 'h1 h2 h10' },
  { sort: '-agent', want: 'h1 h2 h10' },
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
  { filter: 'label:zone=a', want: ['h1'] },
  { filter: 'label:zone=*', want: ['h10', 'h1'] },
])('filtered by $filter', ({ filter, want }) => {
  expect(filterHosts(rows, parseFilter(filter)).map((row) => row.host.name)).toEqual(want);
});

test('by swap the share counts, and a host without swap is last either way', () => {
  const used = [1, 0, 3];
  const total = [2, 0, 12];
  const values = HOST_VIEW_COLUMNS.flatMap((column) =>
    column === 'swapUsedBytes' ? used : column === 'swapTotalBytes' ? total : [0, 0, 0],
  );
  const swapping = hostRows({
    hosts,
    block: decodeHostBlock(new Uint8Array(Float32Array.from(values).buffer), 3),
    frameUnixMs: 1000,
    nowUnixMs: 2000,
    alertsOf: new Map(),
  });
  expect(orderHosts(swapping, parseHostSort('-swap'))).toEqual(['n-h10', 'n-h1', 'n-h2']);
  expect(orderHosts(swapping, parseHostSort('swap'))).toEqual(['n-h1', 'n-h10', 'n-h2']);
});
