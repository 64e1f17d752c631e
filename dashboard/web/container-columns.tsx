import type { ComponentChildren, JSX } from 'preact';
import { Link } from 'wouter-preact';
import type { ContainerView, HostView, ViewColumn } from '../wire.ts';
import { valueAt, type ContainerBlock } from './columns.ts';
import type { SortKey } from './container-rows.ts';
import {
  formatAge,
  formatBytes,
  formatCount,
  formatInUnit,
  formatNumber,
  formatRatio,
  formatSet,
  shortImage,
  UNAVAILABLE,
} from './format.ts';
import { hostDataAgeMs } from './host-facts.ts';
import { containersOfHost } from './links.ts';
import { Mark, type MarkKind } from './mark.tsx';
import { bandOf, Meter } from './meter.tsx';
import { Sparkline } from './sparkline.tsx';
import { cpuSeries, memorySeries } from './store.ts';
import type { Ordered } from './use-order.ts';

/** All that a row's cells are made of. */
export interface RowFacts {
  readonly container: ContainerView;
  readonly host: HostView | undefined;
  readonly block: ContainerBlock | undefined;
  readonly row: number;
  readonly frameUnixMs: number | undefined;
  readonly nowUnixMs: number;
  readonly units: Ordered['units'];
}

export interface ContainerColumn {
  readonly key: SortKey;
  readonly header: string;
  /** What the numbers are of, under the header. */
  readonly unit?: (units: Ordered['units']) => string;
  readonly numeric: boolean;
  cell(facts: RowFacts): ComponentChildren;
}

const value = ({ block, row }: RowFacts, column: ViewColumn): number => valueAt(block, column, row);

function stateOf({ container, host }: RowFacts): { readonly kind: MarkKind; readonly word: string } {
  if (container.state === 'stale') return { kind: 'stale', word: 'stale' };
  if (host?.state === 'late') return { kind: 'late', word: 'late' };
  return { kind: 'ok', word: 'running' };
}

/** `stale 23 s`, or just `running`. */
function stateWords({ container, host, frameUnixMs, nowUnixMs }: RowFacts, word: string): string {
  if (container.state === 'running' && host?.state === 'live') return word;
  const ageMs = host === undefined ? undefined : hostDataAgeMs(host, frameUnixMs, nowUnixMs);
  return ageMs === undefined ? word : `${word} ${formatAge(ageMs)}`;
}

/** The state's shape before the name; its word too, as soon as it is not simply running and there is room. */
function NameCell({ narrow = false, ...facts }: RowFacts & { readonly narrow?: boolean }): JSX.Element {
  const { container } = facts;
  const { kind, word } = stateOf(facts);
  const labels = Object.entries(container.labels).map(([name, text]) => `${name}=${text}`);
  return (
    <span class="name-cell" title={[container.name, container.image ?? '', ...labels].filter(Boolean).join('\n')}>
      <Mark kind={kind}>
        <span class={kind === 'ok' || narrow ? 'visually-hidden' : 'state-word'}>{stateWords(facts, word)}</span>
      </Mark>
      <span class="name">{container.name}</span>
    </span>
  );
}

function CpuCell(facts: RowFacts): JSX.Element {
  const ratio = value(facts, 'cpuOfLimitRatio');
  const { key, state, cpuLimitCores } = facts.container;
  // Much of the host is not much of anything that was promised; only a limit has a colour.
  const band = cpuLimitCores === undefined ? 'calm' : bandOf(ratio);
  return (
    <span class="spark-cell">
      <Sparkline read={() => cpuSeries(key)} width={72} height={22} ceiling={0.1} frozen={state === 'stale'} />
      <span class={`spark-value band-${band}`}>{formatRatio(ratio)}</span>
    </span>
  );
}

function MemoryCell(facts: RowFacts): JSX.Element {
  const { key, state } = facts.container;
  return (
    <span class="spark-cell spark-memory">
      <Sparkline read={() => memorySeries(key)} width={72} height={22} frozen={state === 'stale'} />
      <span class="spark-value">{formatInUnit(value(facts, 'memoryWorkingSetBytes'), facts.units.memory)}</span>
    </span>
  );
}

function OfLimit({ used, limit }: { readonly used: string; readonly limit: string | undefined }): JSX.Element {
  return (
    <>
      {used}
      <span class="of-limit">{limit === undefined ? ' no limit' : ` / ${limit}`}</span>
    </>
  );
}

function CoresCell(facts: RowFacts): JSX.Element {
  const limit = facts.container.cpuLimitCores;
  return (
    <OfLimit used={formatNumber(value(facts, 'cpuCores'))} limit={limit === undefined ? undefined : formatSet(limit)} />
  );
}

function LimitCell(facts: RowFacts): JSX.Element {
  const limitBytes = facts.container.memoryLimitBytes;
  if (limitBytes === undefined) return <span class="of-limit">no limit</span>;
  const ratio = value(facts, 'memoryOfLimitRatio');
  return (
    <span class="limit-cell">
      <Meter ratio={ratio} />
      <span class={`limit-ratio band-${bandOf(ratio)}`}>{formatRatio(ratio)}</span>
      <span class="of-limit">{formatBytes(limitBytes)}</span>
    </span>
  );
}

function ageOf({ container, nowUnixMs }: RowFacts): string {
  return container.startedAtUnixMs === undefined ? UNAVAILABLE : formatAge(nowUnixMs - container.startedAtUnixMs);
}

const NAME: ContainerColumn = { key: 'name', header: 'Name', numeric: false, cell: (facts) => <NameCell {...facts} /> };

const CPU: ContainerColumn = {
  key: 'cpu',
  header: 'CPU',
  unit: () => '% of limit, or of host',
  numeric: true,
  cell: (facts) => <CpuCell {...facts} />,
};

const MEMORY: ContainerColumn = {
  key: 'memory',
  header: 'Memory',
  unit: (units) => `${units.memory.label} working set`,
  numeric: true,
  cell: (facts) => <MemoryCell {...facts} />,
};

/** Left to right; the style sheet drops the less telling ones where there is no room. */
export const CONTAINER_COLUMNS: readonly ContainerColumn[] = [
  NAME,
  {
    key: 'host',
    header: 'Host',
    numeric: false,
    cell: ({ container }) => <Link href={containersOfHost(container.hostName)}>{container.hostName}</Link>,
  },
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
    key: 'read',
    header: 'Read',
    unit: (units) => `${units.read.label}/s`,
    numeric: true,
    cell: (facts) => formatInUnit(value(facts, 'blockReadBytesPerSecond'), facts.units.read),
  },
  {
    key: 'write',
    header: 'Write',
    unit: (units) => `${units.write.label}/s`,
    numeric: true,
    cell: (facts) => formatInUnit(value(facts, 'blockWriteBytesPerSecond'), facts.units.write),
  },
  { key: 'pids', header: 'PIDs', numeric: true, cell: (facts) => formatCount(value(facts, 'pidsCurrent')) },
  { key: 'age', header: 'Age', numeric: true, cell: ageOf },
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
          {stateOf(facts).kind === 'ok' ? ageOf(facts) : stateWords(facts, stateOf(facts).word)}
        </span>
      </>
    ),
  },
  { ...CPU, unit: () => '% of limit' },
  { ...MEMORY, unit: (units) => units.memory.label },
];
