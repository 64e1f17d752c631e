import type { ComponentChildren, JSX } from 'preact';
import { isNarrow } from './media.ts';

export interface FactColumn<Row> {
  readonly header: string;
  readonly numeric?: boolean;
  /** With it the header orders the table by this column. */
  readonly sortKey?: string;
  cell(row: Row): ComponentChildren;
}

export interface FactTableProps<Row> {
  /** Read out for the table, or for the list of cards that stands for it on a narrow page. */
  readonly label: string;
  /** The first one names the row. */
  readonly columns: readonly [FactColumn<Row>, ...FactColumn<Row>[]];
  readonly rows: readonly Row[];
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

function Header<Row>({ column: { header, sortKey, numeric }, alignment, sorting }: HeaderProps<Row>): JSX.Element {
  if (sorting === undefined || sortKey === undefined)
    return (
      <th scope="col" class={alignment}>
        {header}
      </th>
    );
  const isSorted = sorting.key === sortKey;
  const descending = isSorted ? !sorting.descending : numeric === true;
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
      </button>
    </th>
  );
}

/** A short table, where the page is wide; one card for each row, where it is narrow. */
export function FactTable<Row>(props: FactTableProps<Row>): JSX.Element {
  return isNarrow.value ? <Cards {...props} /> : <Table {...props} />;
}

function Table<Row>({ label, columns, rows, keyOf, rowClass, sorting }: FactTableProps<Row>): JSX.Element {
  const alignment = (column: FactColumn<Row>): string => (column.numeric === true ? 'numeric' : '');
  const [naming, ...others] = columns;
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label={label}>
      <table class="fact-table">
        <thead>
          <tr>
            {columns.map((column) => (
              <Header key={column.header} column={column} alignment={alignment(column)} sorting={sorting} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} class={rowClass?.(row) ?? ''}>
              <th scope="row" class={alignment(naming)}>
                {naming.cell(row)}
              </th>
              {others.map((column) => (
                <td key={column.header} class={alignment(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cards<Row>({ label, columns, rows, keyOf, rowClass }: FactTableProps<Row>): JSX.Element {
  const [naming, ...others] = columns;
  return (
    <ul class="cards" aria-label={label}>
      {rows.map((row) => (
        <li key={keyOf(row)} class={`card ${rowClass?.(row) ?? ''}`}>
          <div class="card-name">{naming.cell(row)}</div>
          <dl>
            {others.map((column) => (
              <div key={column.header}>
                <dt>{column.header}</dt>
                <dd>{column.cell(row)}</dd>
              </div>
            ))}
          </dl>
        </li>
      ))}
    </ul>
  );
}
