import type { ComponentChildren, JSX } from 'preact';
import { isNarrow } from './media.ts';

export interface FactColumn<Row> {
  readonly header: string;
  readonly numeric?: boolean;
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
}

/** A short table, where the page is wide; one card for each row, where it is narrow. */
export function FactTable<Row>(props: FactTableProps<Row>): JSX.Element {
  return isNarrow.value ? <Cards {...props} /> : <Table {...props} />;
}

function Table<Row>({ label, columns, rows, keyOf, rowClass }: FactTableProps<Row>): JSX.Element {
  const alignment = (column: FactColumn<Row>): string => (column.numeric === true ? 'numeric' : '');
  const [naming, ...others] = columns;
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label={label}>
      <table class="fact-table">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.header} scope="col" class={alignment(column)}>
                {column.header}
              </th>
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
