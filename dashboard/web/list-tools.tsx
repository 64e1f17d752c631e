import type { JSX } from 'preact';
import { CONTAINER_COLUMNS, formatColumns, USUAL_COLUMNS, type ContainerColumn } from './container-columns.tsx';
import { csvOf, exportRows, type ExportRow } from './export-list.ts';
import { GROUP_FIELDS, type GroupBy } from './grouping.ts';
import { containers, lastFrame, rowOfContainer } from './store.ts';

interface GroupSelectProps {
  readonly groupBy: GroupBy;
  readonly onGroup: (groupBy: string) => void;
}

/** Labels that are offered to group by; any other may stand in the address. */
const MOST_LABELS = 20;

function labelNames(): string[] {
  const names = new Set(containers.value.flatMap(({ labels }) => Object.keys(labels)));
  return [...names]
    .filter((name) => !name.startsWith('com.docker.'))
    .sort()
    .slice(0, MOST_LABELS);
}

/** What the rows are gathered by. */
export function GroupSelect({ groupBy, onGroup }: GroupSelectProps): JSX.Element {
  const labels = new Set(labelNames().map((name) => `label:${name}`));
  if (groupBy?.startsWith('label:') === true) labels.add(groupBy);
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
        {[...GROUP_FIELDS, ...labels].map((field) => (
          <option key={field} value={field}>
            {field}
          </option>
        ))}
      </select>
    </label>
  );
}

interface ColumnChooserProps {
  readonly chosen: readonly ContainerColumn[] | undefined;
  readonly onColumns: (columns: string) => void;
}

/** Which columns there are; the address keeps them. */
export function ColumnChooser({ chosen, onColumns }: ColumnChooserProps): JSX.Element {
  const shown = new Set((chosen ?? USUAL_COLUMNS).map(({ key }) => key));
  const toggle = (column: ContainerColumn): void => {
    if (!shown.delete(column.key)) shown.add(column.key);
    onColumns(formatColumns(CONTAINER_COLUMNS.filter(({ key }) => shown.has(key))));
  };
  return (
    <details class="drop">
      <summary>Columns</summary>
      <div class="drop-body">
        {CONTAINER_COLUMNS.filter(({ key }) => key !== 'name').map((column) => (
          <label key={column.key}>
            <input
              type="checkbox"
              checked={shown.has(column.key)}
              onChange={() => {
                toggle(column);
              }}
            />
            {column.header}
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
