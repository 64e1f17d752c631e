import type { JSX } from 'preact';
import { formatColumns, usualColumns, type Choosable, type ColumnSet } from './column-choice.ts';
import { csvOf, exportRows, type ExportRow } from './export-list.ts';
import { containers, lastFrame, rowOfContainer } from './store.ts';

/** Labels that are offered to group by; any other may stand in the address. */
const MOST_LABELS = 20;

export function labelNames(rows: readonly { readonly labels: Readonly<Record<string, string>> }[]): string[] {
  const names = new Set(rows.flatMap(({ labels }) => Object.keys(labels)));
  return [...names]
    .filter((name) => !name.startsWith('com.docker.'))
    .sort()
    .slice(0, MOST_LABELS);
}

interface GroupSelectProps {
  readonly groupBy: string | undefined;
  readonly fields: readonly string[];
  /** Names of labels. */
  readonly labels: readonly string[];
  readonly onGroup: (groupBy: string) => void;
}

/** What the rows are gathered by. */
export function GroupSelect({ groupBy, fields, labels, onGroup }: GroupSelectProps): JSX.Element {
  const ofLabels = new Set(labels.map((name) => `label:${name}`));
  if (groupBy?.startsWith('label:') === true) ofLabels.add(groupBy);
  return (
    <label class="sort-select">
      <span>Group by</span>
      <select
        value={groupBy ?? ''}
        onChange={(event) => {
          onGroup(event.currentTarget.value);
        }}
      >
        <option value="">nothing</option>
        {[...fields, ...ofLabels].map((field) => (
          <option key={field} value={field}>
            {field}
          </option>
        ))}
      </select>
    </label>
  );
}

interface ColumnChooserProps<Column extends Choosable> {
  readonly columns: ColumnSet<Column>;
  readonly chosen: readonly Column[] | undefined;
  readonly onColumns: (columns: string) => void;
}

/** Which columns there are; the address keeps them. */
export function ColumnChooser<Column extends Choosable>({
  columns,
  chosen,
  onColumns,
}: ColumnChooserProps<Column>): JSX.Element {
  const shown = new Set((chosen ?? usualColumns(columns)).map(({ key }) => key));
  const toggle = (key: string): void => {
    if (!shown.delete(key)) shown.add(key);
    onColumns(
      formatColumns(
        columns.all.filter((column) => shown.has(column.key)),
        columns,
      ),
    );
  };
  return (
    <details class="drop">
      <summary>Columns</summary>
      <div class="drop-body">
        {columns.all.slice(1).map(({ key, header }) => (
          <label key={key}>
            <input
              type="checkbox"
              checked={shown.has(key)}
              onChange={() => {
                toggle(key);
              }}
            />
            {header}
          </label>
        ))}
        <button
          type="button"
          class="button"
          onClick={() => {
            onColumns('');
          }}
        >
          The usual ones
        </button>
      </div>
    </details>
  );
}

function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

/** The containers of a list, with all their values. */
export function shownRows(ids: readonly string[]): ExportRow[] {
  const shown = ids.flatMap((id) => {
    const row = rowOfContainer.value.get(id);
    const container = row === undefined ? undefined : containers.value[row];
    return row === undefined || container === undefined ? [] : [{ container, row }];
  });
  return exportRows({ containers: shown, block: lastFrame.value?.containers });
}

interface ExportProps {
  /** Of the file. */
  readonly name: string;
  /** What is on the screen, in its order. */
  readonly rows: () => readonly ExportRow[];
}

/** Saves what is on the screen. */
export function ExportMenu({ name, rows }: ExportProps): JSX.Element {
  return (
    <details class="drop">
      <summary>Export</summary>
      <div class="drop-body">
        <button
          type="button"
          class="button"
          onClick={() => {
            save(`${name}.csv`, 'text/csv', csvOf(rows()));
          }}
        >
          CSV
        </button>
        <button
          type="button"
          class="button"
          onClick={() => {
            save(`${name}.json`, 'application/json', JSON.stringify(rows(), undefined, 2));
          }}
        >
          JSON
        </button>
      </div>
    </details>
  );
}
