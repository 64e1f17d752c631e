import { computed } from '@preact/signals';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { ContainerView, HostView } from '../wire.ts';
import type { ViewColumn } from '../view-wire.ts';
import { ChosenMark } from './chosen-mark.tsx';
import { nowUnixMs } from './clock.ts';
import { valueAt, type ContainerBlock } from './columns.ts';
import { formatAge, formatBytes, formatInUnit, formatNumber, formatRatio, formatSet, UNAVAILABLE } from './format.ts';
import { hostDataAgeMs } from './host-facts.ts';
import { containerPage, lineOf } from './links.ts';
import { Mark, type MarkKind } from './mark.tsx';
import { bandOf, Meter } from './meter.tsx';
import { Sparkline } from './sparkline.tsx';
import { cpuSeries, memorySeries } from './sparkline-series.ts';
import type { Ordered } from './use-order.ts';
import { useSeries } from './use-series.ts';

/** All that a row's cells are made of. */
export interface RowFacts {
  readonly id: string;
  readonly container: ContainerView;
  readonly host: HostView | undefined;
  readonly block: ContainerBlock | undefined;
  readonly row: number;
  readonly frameUnixMs: number | undefined;
  readonly units: Ordered['units'];
}

/** A row's value; NaN where unavailable. */
export const cellValue = ({ block, row }: RowFacts, column: ViewColumn): number => valueAt(block, column, row);

/** What stands before its name. */
export function stateOf({ container, host }: RowFacts): { readonly kind: MarkKind; readonly word: string } {
  if (container.state === 'stale') return { kind: 'stale', word: 'stale' };
  if (host?.state === 'late') return { kind: 'late', word: 'late' };
  if (container.health === 'unhealthy') return { kind: 'late', word: 'unhealthy' };
  return container.state === 'paused' ? { kind: 'off', word: 'paused' } : { kind: 'ok', word: 'running' };
}

/** `stale 23 s`, or just `running`. */
export function stateWords({ container, host, frameUnixMs }: RowFacts, word: string): string {
  if (container.state !== 'stale' && host?.state === 'live') return word;
  const ageMs = host === undefined ? undefined : hostDataAgeMs(host, frameUnixMs, nowUnixMs.value);
  return ageMs === undefined ? word : `${word} ${formatAge(ageMs)}`;
}

/** The state's shape before the name; its word too, as soon as it is not simply running and there is room. */
export function NameCell({ narrow = false, ...facts }: RowFacts & { readonly narrow?: boolean }): JSX.Element {
  const { container } = facts;
  const { kind, word } = stateOf(facts);
  const labels = Object.entries(container.labels).map(([name, text]) => `${name}=${text}`);
  return (
    <span class="name-cell" title={[container.name, container.image ?? '', ...labels].filter(Boolean).join('\n')}>
      <ChosenMark line={lineOf(container)} />
      <Mark kind={kind}>
        <span class={kind === 'ok' || narrow ? 'visually-hidden' : 'state-word'}>{stateWords(facts, word)}</span>
      </Mark>
      <Link class="name" href={containerPage(container)}>
        {container.name}
      </Link>
    </span>
  );
}

/** Share of the limit or of the host, and the last minutes of it. */
export function CpuCell(facts: RowFacts): JSX.Element {
  const ratio = cellValue(facts, 'cpuOfLimitRatio');
  const { state, cpuLimitCores } = facts.container;
  // Much of the host is not much of anything that was promised; only a limit has a colour.
  const band = cpuLimitCores === undefined ? 'calm' : bandOf(ratio);
  return (
    <span class="spark-cell">
      <Sparkline
        read={useSeries(cpuSeries, facts.id)}
        width={72}
        height={22}
        ceiling={0.1}
        frozen={state === 'stale'}
      />
      <span class={`spark-value band-${band}`}>{formatRatio(ratio)}</span>
    </span>
  );
}

/** Working set, and the last minutes of it. */
export function MemoryCell(facts: RowFacts): JSX.Element {
  const { state } = facts.container;
  return (
    <span class="spark-cell spark-memory">
      <Sparkline read={useSeries(memorySeries, facts.id)} width={72} height={22} frozen={state === 'stale'} />
      <span class="spark-value">{formatInUnit(cellValue(facts, 'memoryWorkingSetBytes'), facts.units.memory)}</span>
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

/** Cores in use of those it may use. */
export function CoresCell(facts: RowFacts): JSX.Element {
  const limit = facts.container.cpuLimitCores;
  return (
    <OfLimit
      used={formatNumber(cellValue(facts, 'cpuCores'))}
      limit={limit === undefined ? undefined : formatSet(limit)}
    />
  );
}

/** How full its memory limit is. */
export function LimitCell(facts: RowFacts): JSX.Element {
  const limitBytes = facts.container.memoryLimitBytes;
  if (limitBytes === undefined) return <span class="of-limit">no limit</span>;
  const ratio = cellValue(facts, 'memoryOfLimitRatio');
  return (
    <span class="limit-cell">
      <Meter ratio={ratio} />
      <span class={`limit-ratio band-${bandOf(ratio)}`}>{formatRatio(ratio)}</span>
      <span class="of-limit">{formatBytes(limitBytes)}</span>
    </span>
  );
}

/** Since its start: a text of its own, so that time that passes concerns nothing else of the row. */
export function Age({ container: { startedAtUnixMs } }: Pick<RowFacts, 'container'>): JSX.Element {
  const text = useMemo(
    () => computed(() => (startedAtUnixMs === undefined ? UNAVAILABLE : formatAge(nowUnixMs.value - startedAtUnixMs))),
    [startedAtUnixMs],
  );
  return <>{text}</>;
}
