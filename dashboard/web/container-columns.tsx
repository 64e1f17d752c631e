import type { ComponentChildren } from 'preact';
import { Link } from 'wouter-preact';
import { fieldTerm } from '../model/filter.ts';
import { belongingOf } from '../model/history/identity.ts';
import type { ViewColumn } from '../view-wire.ts';
import type { ColumnSet } from './column-choice.ts';
import type { ContainerBlock } from './columns.ts';
import {
  Age,
  cellValue,
  CoresCell,
  CpuCell,
  LimitCell,
  MemoryCell,
  NameCell,
  stateOf,
  stateWords,
  type RowFacts,
} from './container-cells.tsx';
import type { SortKey } from './container-rows.ts';
import { formatCount, formatInUnit, formatNumber, formatRatio, shortImage, UNAVAILABLE } from './format.ts';
import { sumOf } from './grouping.ts';
import { containersWith, hostPage } from './links.ts';
import type { Ordered } from './use-order.ts';

/** All that a group's totals are made of. */
export interface GroupFacts {
  readonly block: ContainerBlock | undefined;
  readonly rows: readonly number[];
  readonly units: Ordered['units'];
}

export interface ContainerColumn {
  readonly key: SortKey;
  readonly header: string;
  /** What the numbers are of, under the header. */
  readonly unit?: (units: Ordered['units']) => string;
  readonly numeric: boolean;
  cell(facts: RowFacts): ComponentChildren;
  /** What a group's rows make together; absent where a sum means nothing. */
  readonly total?: (facts: GroupFacts) => ComponentChildren;
}

const NAME: ContainerColumn = { key: 'name', header: 'Name', numeric: false, cell: (facts) => <NameCell {...facts} /> };

const CPU: ContainerColumn = {
  key: 'cpu',
  header: 'CPU',
  unit: () => '% of limit, or of host',
  numeric: true,
  cell: (facts) => <CpuCell {...facts} />,
  total: ({ block, rows }) => `${formatNumber(sumOf(block, 'cpuCores', rows))} cores`,
};

const MEMORY: ContainerColumn = {
  key: 'memory',
  header: 'Memory',
  unit: (units) => `${units.memory.label} working set`,
  numeric: true,
  cell: (facts) => <MemoryCell {...facts} />,
  total: ({ block, rows, units }) => formatInUnit(sumOf(block, 'memoryWorkingSetBytes', rows), units.memory),
};

/** Bytes a second. */
function flow(key: 'rx' | 'tx' | 'read' | 'write', header: string, column: ViewColumn): ContainerColumn {
  return {
    key,
    header,
    unit: (units) => `${units[key].label}/s`,
    numeric: true,
    cell: (facts) => formatInUnit(cellValue(facts, column), facts.units[key]),
    total: ({ block, rows, units }) => formatInUnit(sumOf(block, column, rows), units[key]),
  };
}

/** A link to all of the same project or service. */
function belonging(key: 'project' | 'service', header: string): ContainerColumn {
  return {
    key,
    header,
    numeric: false,
    cell: ({ container }) => {
      const name = belongingOf(container.labels)[key];
      return name === undefined ? UNAVAILABLE : <Link href={containersWith(fieldTerm(key, name))}>{name}</Link>;
    },
  };
}

/** Left to right. */
const ALL: readonly ContainerColumn[] = [
  NAME,
  {
    key: 'host',
    header: 'Host',
    numeric: false,
    cell: ({ container }) => <Link href={hostPage(container.nodeId)}>{container.hostName}</Link>,
  },
  belonging('project', 'Project'),
  belonging('service', 'Service'),
  {
    key: 'image',
    header: 'Image',
    numeric: false,
    cell: ({ container }) =>
      container.image === undefined ? UNAVAILABLE : <span title={container.image}>{shortImage(container.image)}</span>,
  },
  { key: 'runtime', header: 'Runtime', numeric: false, cell: ({ container }) => container.runtime },
  CPU,
  {
    key: 'cores',
    header: 'Cores',
    unit: () => 'used / limit',
    numeric: true,
    cell: (facts) => <CoresCell {...facts} />,
    total: ({ block, rows }) => formatNumber(sumOf(block, 'cpuCores', rows)),
  },
  MEMORY,
  {
    key: 'limit',
    header: 'Of limit',
    unit: () => '% of memory limit',
    numeric: true,
    cell: (facts) => <LimitCell {...facts} />,
  },
  {
    key: 'throttled',
    header: 'Throttled',
    unit: () => '% of periods',
    numeric: true,
    cell: (facts) => formatRatio(cellValue(facts, 'cpuThrottledRatio')),
  },
  flow('rx', 'Received', 'networkReceiveBytesPerSecond'),
  flow('tx', 'Sent', 'networkTransmitBytesPerSecond'),
  flow('read', 'Read', 'blockReadBytesPerSecond'),
  flow('write', 'Write', 'blockWriteBytesPerSecond'),
  {
    key: 'pids',
    header: 'PIDs',
    numeric: true,
    cell: (facts) => formatCount(cellValue(facts, 'pidsCurrent')),
    total: ({ block, rows }) => formatCount(sumOf(block, 'pidsCurrent', rows)),
  },
  { key: 'age', header: 'Age', numeric: true, cell: (facts) => <Age {...facts} /> },
];

/** On a phone: the name with the host under it, and the two numbers that matter. */
export const NARROW_COLUMNS: readonly ContainerColumn[] = [
  {
    ...NAME,
    cell: (facts) => (
      <>
        <NameCell {...facts} narrow />
        <span class="name-host muted">
          {facts.container.hostName} ·{' '}
          {stateOf(facts).kind === 'ok' ? <Age {...facts} /> : stateWords(facts, stateOf(facts).word)}
        </span>
      </>
    ),
  },
  { ...CPU, unit: () => '% of limit' },
  { ...MEMORY, unit: (units) => units.memory.label },
];

/** What is shown before anybody chose; the style sheet drops the less telling ones where there is no room. */
const USUAL: ReadonlySet<string> = new Set<SortKey>([
  'name',
  'host',
  'image',
  'runtime',
  'cpu',
  'cores',
  'memory',
  'limit',
  'rx',
  'tx',
  'read',
  'write',
  'pids',
  'age',
]);

export const CONTAINER_COLUMNS: ColumnSet<ContainerColumn> = { all: ALL, usual: USUAL };
