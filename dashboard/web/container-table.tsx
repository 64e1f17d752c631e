import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { nowUnixMs } from './clock.ts';
import { CONTAINER_COLUMNS, NARROW_COLUMNS, type ContainerColumn, type RowFacts } from './container-columns.tsx';
import { nextSort, type Sort } from './container-rows.ts';
import { isNarrow } from './media.ts';
import { requestPaint } from './paint-loop.ts';
import { rowWindow } from './row-window.ts';
import { containers, hostOfNode, lastFrame, rowOfContainer } from './store.ts';
import { orderPaused, type Ordered } from './use-order.ts';

const ROW_HEIGHT_PX = 34;
const NARROW_ROW_HEIGHT_PX = 54;

interface TableProps {
  readonly ordered: Ordered;
  readonly sort: Sort;
  readonly onSort: (sort: Sort) => void;
}

function HeaderCell({ column, ordered, sort, onSort }: TableProps & { readonly column: ContainerColumn }): JSX.Element {
  const sorted = sort.key === column.key;
  const direction = sort.descending ? 'descending' : 'ascending';
  return (
    <th
      scope="col"
      class={`col-${column.key} ${column.numeric ? 'numeric' : ''}`}
      aria-sort={sorted ? direction : 'none'}
    >
      <button
        type="button"
        onClick={() => {
          onSort(nextSort(sort, column.key));
        }}
      >
        <span class="column-name">
          {column.header}
          {sorted ? (
            <span class="sort-arrow" aria-hidden="true">
              {sort.descending ? '▼' : '▲'}
            </span>
          ) : null}
        </span>
        {column.unit === undefined ? null : <span class="column-unit">{column.unit(ordered.units)}</span>}
      </button>
    </th>
  );
}

interface RowProps {
  readonly facts: RowFacts;
  readonly columns: readonly ContainerColumn[];
  readonly position: number;
}

function Row({ facts, columns, position }: RowProps): JSX.Element {
  return (
    <tr aria-rowindex={position + 2} class={facts.container.state === 'stale' ? 'is-stale' : ''}>
      {columns.map((column) => {
        const classes = `col-${column.key} ${column.numeric ? 'numeric' : ''}`;
        return column.key === 'name' ? (
          <th key={column.key} scope="row" class={classes}>
            {column.cell(facts)}
          </th>
        ) : (
          <td key={column.key} class={classes}>
            {column.cell(facts)}
          </td>
        );
      })}
    </tr>
  );
}

function Spacer({ height, columns }: { readonly height: number; readonly columns: number }): JSX.Element | null {
  if (height === 0) return null;
  return (
    <tr class="spacer" aria-hidden="true">
      <td colSpan={columns} style={{ height: `${height}px` }} />
    </tr>
  );
}

/** Facts of the rows in the window; a container that just left is left out. */
function factsOf(keys: readonly string[], units: Ordered['units']): RowFacts[] {
  const frame = lastFrame.value;
  const known = containers.value;
  return keys.flatMap((key) => {
    const row = rowOfContainer.value.get(key);
    const container = row === undefined ? undefined : known[row];
    if (row === undefined || container === undefined) return [];
    const host = hostOfNode.value.get(container.nodeId);
    const times = { frameUnixMs: frame?.timeUnixMs, nowUnixMs: nowUnixMs.value };
    return [{ container, host, block: frame?.containers, row, ...times, units }];
  });
}

/** Scroll position and height of the table's region. */
function useViewport(): {
  readonly ref: { current: HTMLDivElement | null };
  readonly top: number;
  readonly height: number;
} {
  const ref = useRef<HTMLDivElement>(null);
  const [viewport, setViewport] = useState({ top: 0, height: 600 });
  useEffect(() => {
    const region = ref.current;
    if (region === null) return undefined;
    const measure = (): void => {
      setViewport({ top: region.scrollTop, height: region.clientHeight });
      requestPaint();
    };
    const observer = new ResizeObserver(measure);
    observer.observe(region);
    region.addEventListener('scroll', measure, { passive: true });
    return () => {
      observer.disconnect();
      region.removeEventListener('scroll', measure);
    };
  }, []);
  return { ref, ...viewport };
}

const pauseFor = (event: PointerEvent): void => {
  // A finger has left when it is lifted, but the browser says so only at the next touch elsewhere.
  if (event.pointerType === 'mouse') orderPaused.value = true;
};
const pauseForKeys = (event: FocusEvent): void => {
  if (event.target instanceof HTMLElement && event.target.matches(':focus-visible')) orderPaused.value = true;
};
const resume = (): void => {
  orderPaused.value = false;
};

/** All containers; only the rows in sight are in the document. */
export function ContainerTable({ ordered, sort, onSort }: TableProps): JSX.Element {
  const columns = isNarrow.value ? NARROW_COLUMNS : CONTAINER_COLUMNS;
  const rowHeight = isNarrow.value ? NARROW_ROW_HEIGHT_PX : ROW_HEIGHT_PX;
  const { ref, top, height } = useViewport();
  const shown = rowWindow({ rows: ordered.keys.length, rowHeight, scrollTop: top, viewportHeight: height });
  // What a person asks for starts at its top.
  useEffect(() => ref.current?.scrollTo({ top: 0 }), [sort.key, sort.descending]);
  return (
    <div ref={ref} class="container-region" tabIndex={0} role="region" aria-label="Containers">
      <table class="container-table" aria-rowcount={ordered.keys.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <HeaderCell key={column.key} column={column} ordered={ordered} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody onPointerEnter={pauseFor} onPointerLeave={resume} onFocusIn={pauseForKeys} onFocusOut={resume}>
          <Spacer height={shown.heightBefore} columns={columns.length} />
          {factsOf(ordered.keys.slice(shown.first, shown.end), ordered.units).map((facts, index) => (
            // Rows that leave on one side come back on the other with new contents: making one costs ten times that.
            <Row
              key={(shown.first + index) % (shown.end - shown.first)}
              facts={facts}
              columns={columns}
              position={shown.first + index}
            />
          ))}
          <Spacer height={shown.heightAfter} columns={columns.length} />
        </tbody>
      </table>
    </div>
  );
}
