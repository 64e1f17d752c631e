import type { ComponentChildren, JSX } from 'preact';
import { isNarrow } from './media.ts';

export interface FactColumn<Row> {
  readonly header: string;
  /** What the numbers are of, under the header. */
  readonly unit?: string;
  readonly numeric?: boolean;
  /** With it the header orders the table by this column. */
  readonly sortKey?: string;
  /** A first click puts the largest first, as where it is numeric. */
  readonly largestFirst?: boolean;
  cell(row: Row): ComponentChildren;
  /** What the rows of a group make together; absent where that means nothing. */
  readonly total?: (rows: readonly Row[]) => ComponentChildren;
}

/** Rows that belong together, below a line of their own. */
export interface FactGroup<Row> {
  readonly key: string;
  readonly head: ComponentChildren;
  /** All of them, for what they make together. */
  readonly members: readonly Row[];
  /** Those that are shown. */
  readonly shown: readonly Row[];
}

export interface FactTableProps<Row> {
  /** Read out for the table, or for the list of cards that stands for it on a narrow page. */
  readonly label: string;
  /** The first one names the row. */
  readonly columns: readonly [FactColumn<Row>, ...FactColumn<Row>[]];
  readonly rows: readonly Row[];
  /** In the place of `rows`. */
  readonly groups?: readonly FactGroup<Row>[] | undefined;
  readonly keyOf: (row: Row) => string;
  readonly rowClass?: (row: Row) => string;
  readonly sorting?: Sorting;
}

/** How a table is ordered, and who is told of another wish, such as `-cpu` for the largest first. */
export interface Sorting {
  readonly key: string;
  readonly descending: boolean;
  readonly onSort: (sort: string) => void;
}

interface HeaderProps<Row> {
  readonly column: FactColumn<Row>;
  readonly alignment: string;
  readonly sorting: Sorting | undefined;
}

function Unit({ unit }: { readonly unit: string | undefined }): JSX.Element | null {
  return unit === undefined ? null : <span class="column-unit">{unit}</span>;
}

function Header<Row>({
  column: { header, unit, sortKey, numeric, largestFirst },
  alignment,
  sorting,
}: HeaderProps<Row>): JSX.Element {
  if (sorting === undefined || sortKey === undefined)
    return (
      <th scope="col" class={alignment}>
        {header}
        <Unit unit={unit} />
      </th>
    );
  const isSorted = sorting.key === sortKey;
  const descending = isSorted ? !sorting.descending : numeric === true || largestFirst === true;
  return (
    <th scope="col" class={alignment} aria-sort={isSorted ? (sorting.descending ? 'descending' : 'ascending') : 'none'}>
      <button
        type="button"
        class="sort-button"
        onClick={() => {
          sorting.onSort(`${descending ? '-' : ''}${sortKey}`);
        }}
      >
        {header}
        {isSorted ? (
          <span class="sort-arrow" aria-hidden="true">
            {sorting.descending ? '▼' : '▲'}
          </span>
        ) : null}
        <Unit unit={unit} />
      </button>
    </th>
  );
}

/** A short table, where the page is wide; one card for each row, where it is narrow. */
export function FactTable<Row>(props: FactTableProps<Row>): JSX.Element {
  return isNarrow.value ? <Cards {...props} /> : <Table {...props} />;
}

const alignmentOf = <Row,>({ numeric }: FactColumn<Row>): string => (numeric === true ? 'numeric' : '');

type LineProps<Row> = Pick<FactTableProps<Row>, 'columns' | 'keyOf' | 'rowClass'>;

function lineOf<Row>(row: Row, { columns: [naming, ...others], keyOf, rowClass }: LineProps<Row>): JSX.Element {
  return (
    <tr key={keyOf(row)} class={rowClass?.(row) ?? ''}>
      <th scope="row" class={alignmentOf(naming)}>
        {naming.cell(row)}
      </th>
      {others.map((column) => (
        <td key={column.header} class={alignmentOf(column)}>
          {column.cell(row)}
        </td>
      ))}
    </tr>
  );
}

function groupLineOf<Row>(
  { key, head, members }: FactGroup<Row>,
  [, ...others]: LineProps<Row>['columns'],
): JSX.Element {
  return (
    <tr key={`group ${key}`} class="group-row">
      <th scope="row">{head}</th>
      {others.map((column) => (
        <td key={column.header} class={alignmentOf(column)}>
          {column.total?.(members)}
        </td>
      ))}
    </tr>
  );
}

function Table<Row>({ label, rows, groups, sorting, ...line }: FactTableProps<Row>): JSX.Element {
  const { columns } = line;
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label={label}>
      <table class="fact-table">
        <thead>
          <tr>
            {columns.map((column) => (
              <Header key={column.header} column={column} alignment={alignmentOf(column)} sorting={sorting} />
            ))}
          </tr>
        </thead>
        <tbody>
          {groups === undefined
            ? rows.map((row) => lineOf(row, line))
            : groups.flatMap((group) => [groupLineOf(group, columns), ...group.shown.map((row) => lineOf(row, line))])}
        </tbody>
      </table>
    </div>
  );
}

const factName = <Row,>({ header, unit }: FactColumn<Row>): string =>
  unit === undefined ? header : `${header}, ${unit}`;

function cardOf<Row>(row: Row, { columns: [naming, ...others], keyOf, rowClass }: LineProps<Row>): JSX.Element {
  return (
    <li key={keyOf(row)} class={`card ${rowClass?.(row) ?? ''}`}>
      <div class="card-name">{naming.cell(row)}</div>
      <dl>
        {others.map((column) => (
          <div key={column.header}>
            <dt>{factName(column)}</dt>
            <dd>{column.cell(row)}</dd>
          </div>
        ))}
      </dl>
    </li>
  );
}

/** The head of a group with what its cards make together. */
function groupCardOf<Row>({ key, head, members }: FactGroup<Row>, columns: LineProps<Row>['columns']): JSX.Element {
  const totals = columns.flatMap((column) => (column.total === undefined ? [] : [{ column, total: column.total }]));
  return (
    <li key={`group ${key}`} class="card group-card">
      <div class="card-name">{head}</div>
      <dl>
        {totals.map(({ column, total }) => (
          <div key={column.header}>
            <dt>{factName(column)}</dt>
            <dd>{total(members)}</dd>
          </div>
        ))}
      </dl>
    </li>
  );
}

function Cards<Row>({ label, rows, groups, ...line }: FactTableProps<Row>): JSX.Element {
  return (
    <ul class="cards" aria-label={label}>
      {groups === undefined
        ? rows.map((row) => cardOf(row, line))
        : groups.flatMap((group) => [groupCardOf(group, line.columns), ...group.shown.map((row) => cardOf(row, line))])}
    </ul>
  );
}
