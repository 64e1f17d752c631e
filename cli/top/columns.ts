import type { ContainerView, StatsTick } from '../../statsd/status-wire.ts';
import { binaryBytes, decimalRate, percent } from './format.ts';

/** One column of the table: how a cell reads, and by what rows are sorted. */
export interface Column {
  readonly id: string;
  readonly title: string;
  readonly width: number;
  readonly align: 'left' | 'right';
  readonly text: (container: ContainerView, tick: StatsTick) => string;
  /** Sorted by this, the largest first; texts from A on. What is unknown comes last. */
  readonly order: (container: ContainerView, tick: StatsTick) => number | string | undefined;
  /** In a narrow terminal the columns with the largest numbers go first. */
  readonly expendable: number;
}

const memoryUsed = ({ values }: ContainerView): number | undefined =>
  values['memoryWorkingSetBytes'] ?? values['memoryUsageBytes'];

/** Of its limit, else of the machine. */
function memoryPart(container: ContainerView, { host }: StatsTick): number | undefined {
  const [used, limit] = [memoryUsed(container), container.memoryLimitBytes ?? host.memoryTotalBytes];
  return used === undefined || limit === undefined ? undefined : used / limit;
}

function cpuOfLimit({ rates, cpuLimitCores }: ContainerView): number | undefined {
  const used = rates['cpuCores'];
  return used === undefined || cpuLimitCores === undefined ? undefined : used / cpuLimitCores;
}

const rate = (
  words: Pick<Column, 'id' | 'title' | 'expendable'>,
  name: NonNullable<keyof ContainerView['rates']>,
): Column => ({
  ...words,
  width: 8,
  align: 'right',
  text: ({ rates }) => decimalRate(rates[name]),
  order: ({ rates }) => rates[name],
});

export const NAME_COLUMN = 'name';

export const COLUMNS: readonly Column[] = [
  {
    id: NAME_COLUMN,
    title: 'NAME',
    width: 24,
    align: 'left',
    text: ({ name }) => name,
    order: ({ name }) => name,
    expendable: 0,
  },
  {
    id: 'runtime',
    title: 'RUNTIME',
    width: 10,
    align: 'left',
    text: ({ runtime }) => runtime,
    order: ({ runtime }) => runtime,
    expendable: 6,
  },
  {
    id: 'state',
    title: 'STATE',
    width: 9,
    align: 'left',
    text: ({ state, health }) => (state === 'running' ? (health ?? 'up') : state),
    order: ({ state }) => state,
    expendable: 5,
  },
  {
    id: 'cpu',
    title: 'CPU %',
    width: 7,
    align: 'right',
    text: ({ rates }) => percent(rates['cpuCores']),
    order: ({ rates }) => rates['cpuCores'],
    expendable: 0,
  },
  {
    id: 'limit',
    title: 'OF LIM',
    width: 7,
    align: 'right',
    text: (container) => percent(cpuOfLimit(container)),
    order: cpuOfLimit,
    expendable: 7,
  },
  {
    id: 'throttled',
    title: 'THROTT',
    width: 7,
    align: 'right',
    text: ({ rates }) => percent(rates['cpuThrottledPart']),
    order: ({ rates }) => rates['cpuThrottledPart'],
    expendable: 8,
  },
  {
    id: 'memory',
    title: 'MEM',
    width: 8,
    align: 'right',
    text: (container) => binaryBytes(memoryUsed(container)),
    order: memoryUsed,
    expendable: 0,
  },
  {
    id: 'part',
    title: 'MEM %',
    width: 7,
    align: 'right',
    text: (container, tick) => percent(memoryPart(container, tick)),
    order: memoryPart,
    expendable: 1,
  },
  rate({ id: 'receive', title: 'NET IN', expendable: 3 }, 'networkReceiveBytesPerSecond'),
  rate({ id: 'transmit', title: 'NET OUT', expendable: 3 }, 'networkTransmitBytesPerSecond'),
  rate({ id: 'read', title: 'BLK IN', expendable: 4 }, 'blockReadBytesPerSecond'),
  rate({ id: 'write', title: 'BLK OUT', expendable: 4 }, 'blockWriteBytesPerSecond'),
  {
    id: 'pids',
    title: 'PIDS',
    width: 6,
    align: 'right',
    text: ({ values }) => String(values['pidsCurrent'] ?? '-'),
    order: ({ values }) => values['pidsCurrent'],
    expendable: 2,
  },
];

export const SORTS: readonly string[] = COLUMNS.map(({ id }) => id);

/** Columns that fit into a width, in their order; the name's takes what is left. */
export function fittingColumns(width: number): readonly Column[] {
  let columns = COLUMNS;
  const needed = (): number => columns.reduce((sum, column) => sum + column.width + 1, -1);
  while (needed() > width && columns.some(({ expendable }) => expendable > 0)) {
    const most = Math.max(...columns.map(({ expendable }) => expendable));
    columns = columns.filter(({ expendable }) => expendable !== most);
  }
  const spare = width - needed();
  return columns.map((column) =>
    column.id === NAME_COLUMN ? { ...column, width: Math.max(8, Math.min(60, column.width + spare)) } : column,
  );
}
