import { useComputed } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { stateOf, type RowFacts } from './container-cells.tsx';
import { usualColumns } from './column-choice.ts';
import { CONTAINER_COLUMNS, NARROW_COLUMNS, type ContainerColumn } from './container-columns.tsx';
import { nextSort, type Sort } from './container-rows.ts';
import { containerGroup, gather, tableItems, type GroupBy, type TableItem } from './grouping.ts';
import { isNarrow } from './media.ts';
import { HOLD_ORDER } from './order-pause.ts';
import { beginningOf, rowWindow, type RowWindow } from './row-window.ts';
import { containers, hostOfNode, lastFrame, liveFrame, rowOfContainer, type LastFrame } from './store.ts';
import { GroupRow, Row } from './table-rows.tsx';
import { useGrowth, useIsPainted } from './use-growth.ts';
import type { Ordered } from './use-order.ts';
import { useOpenGroups } from './use-open-groups.ts';
import { useViewport } from './use-viewport.ts';

const USUAL_COLUMNS = usualColumns(CONTAINER_COLUMNS);
const ROW_HEIGHT_PX = 34;
const NARROW_ROW_HEIGHT_PX = 54;

interface TableProps {
  readonly ordered: Ordered;
  readonly groupBy?: GroupBy;
  /** Those that somebody chose; without it the usual ones. */
  readonly chosen?: readonly ContainerColumn[] | undefined;
  readonly sort: Sort;
  readonly onSort: (sort: Sort) => void;
}

function HeaderCell({
  column,
  ordered,
  sort,
  onSort,
}: Pick<TableProps, 'ordered' | 'sort' | 'onSort'> & { readonly column: ContainerColumn }): JSX.Element {
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

/** Stands in for rows that are not there. One cell: in more columns than are shown it would make the others narrower. */
function Spacer({ height }: { readonly height: number }): JSX.Element | null {
  if (height === 0) return null;
  return (
    <tr class="spacer" aria-hidden="true">
      <td style={{ height: `${height}px` }} />
    </tr>
  );
}

/** Facts of a row; `undefined` of a container that just left. */
function factsOf(id: string, frame: LastFrame | undefined, units: Ordered['units']): RowFacts | undefined {
  const row = rowOfContainer.value.get(id);
  const container = row === undefined ? undefined : containers.value[row];
  if (row === undefined || container === undefined) return undefined;
  const host = hostOfNode.value.get(container.nodeId);
  return { id, container, host, block: frame?.containers, row, frameUnixMs: frame?.timeUnixMs, units };
}

interface LineProps {
  readonly item: TableItem;
  readonly columns: readonly ContainerColumn[];
  readonly position: number;
  readonly units: Ordered['units'];
  readonly onToggle: (label: string | undefined) => void;
}

/** One container: looks at a frame only when that changed something of it. */
function ContainerLine({
  id,
  columns,
  position,
  units,
}: Omit<LineProps, 'item' | 'onToggle'> & { readonly id: string }): JSX.Element | null {
  const stamp = useComputed(() => liveFrame.value?.containerStamps[rowOfContainer.value.get(id) ?? -1]);
  const facts = factsOf(id, stamp.value === undefined ? undefined : liveFrame.peek(), units);
  return facts === undefined ? null : <Row facts={facts} columns={columns} position={position} />;
}

function GroupLine({
  item: { group, isOpen },
  columns,
  position,
  units,
  onToggle,
}: LineProps & { readonly item: Extract<TableItem, { kind: 'group' }> }): JSX.Element {
  const frame = lastFrame.value;
  const members = group.ids.flatMap((id) => factsOf(id, frame, units) ?? []);
  return (
    <GroupRow
      group={group}
      isOpen={isOpen}
      troubled={members.filter((facts) => stateOf(facts).kind !== 'ok').length}
      facts={{ block: frame?.containers, rows: members.map(({ row }) => row), units }}
      columns={columns}
      position={position}
      onToggle={() => {
        onToggle(group.label);
      }}
    />
  );
}

function Line({ item, onToggle, ...rest }: LineProps): JSX.Element | null {
  if (item.kind === 'row') return <ContainerLine id={item.id} {...rest} />;
  return <GroupLine item={item} onToggle={onToggle} {...rest} />;
}

/** The lines to show, and the groups that are open. */
function useItems(
  keys: readonly string[],
  groupBy: GroupBy,
): { readonly items: readonly TableItem[]; readonly onToggle: LineProps['onToggle'] } {
  const { open, onToggle } = useOpenGroups(groupBy);
  if (groupBy === undefined) return { items: keys.map((id) => ({ kind: 'row', id })), onToggle };
  const groupOf = (id: string): string | undefined => {
    const container = containers.value[rowOfContainer.value.get(id) ?? -1];
    return container === undefined ? undefined : containerGroup(container, groupBy);
  };
  return { items: tableItems(gather(keys, groupOf), open), onToggle };
}

/** With chosen columns the table may be wider than its region, which then scrolls. */
const LEAST_COLUMN_REM = 7;
const LEAST_NAME_REM = 12;

function Body({
  items,
  shown,
  places,
  ...rest
}: Omit<LineProps, 'item' | 'position'> & {
  readonly items: readonly TableItem[];
  readonly shown: RowWindow;
  /** Rows that the window has once all of them are there. */
  readonly places: number;
}): JSX.Element {
  return (
    <tbody {...HOLD_ORDER}>
      <Spacer height={shown.heightBefore} />
      {items.slice(shown.first, shown.end).map((item, index) => (
        // Rows that leave on one side come back on the other with new contents: making one costs ten times that.
        <Line key={(shown.first + index) % places} item={item} position={shown.first + index} {...rest} />
      ))}
      <Spacer height={shown.heightAfter} />
    </tbody>
  );
}

function Table({ ordered, groupBy, chosen, sort, onSort }: TableProps): JSX.Element {
  const columns = isNarrow.value ? NARROW_COLUMNS : (chosen ?? USUAL_COLUMNS);
  const isChosen = chosen !== undefined && !isNarrow.value;
  const rowHeight = isNarrow.value ? NARROW_ROW_HEIGHT_PX : ROW_HEIGHT_PX;
  const { items, onToggle } = useItems(ordered.keys, groupBy);
  const { ref, top, height } = useViewport();
  const window = rowWindow({ rows: items.length, rowHeight, scrollTop: top, viewportHeight: height });
  const places = window.end - window.first;
  const shown = beginningOf(window, useGrowth(places), rowHeight);
  // What a person asks for starts at its top.
  useEffect(() => ref.current?.scrollTo({ top: 0 }), [sort.key, sort.descending, groupBy]);
  const leastWidth = isChosen ? `${LEAST_NAME_REM + LEAST_COLUMN_REM * (columns.length - 1)}rem` : '';
  return (
    <div ref={ref} class="container-region" tabIndex={0} role="region" aria-label="Containers">
      <table
        class={`container-table ${isChosen ? 'is-chosen' : ''}`}
        style={{ minWidth: leastWidth }}
        aria-rowcount={items.length + 1}
      >
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <HeaderCell key={column.key} column={column} ordered={ordered} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <Body items={items} shown={shown} places={places} columns={columns} units={ordered.units} onToggle={onToggle} />
      </table>
    </div>
  );
}

/** All containers; only the rows in sight are in the document. The page around it is painted before it. */
export function ContainerTable(props: TableProps): JSX.Element | null {
  return useIsPainted() ? <Table {...props} /> : null;
}
