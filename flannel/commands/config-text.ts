import type { ConfigChange } from '../model/config-change.ts';
import { isObject, type JsonObject } from '../model/config-fields.ts';
import type { Output } from './command.ts';
import { tableLines, wrapText, type Column } from './table.ts';

const LABEL_WIDTH = 30;

/** The keys of a configuration, one a line; those of the backend below it. */
export function viewLines(view: JsonObject, { width }: Pick<Output, 'width'>, prefix = ''): string[] {
  return Object.entries(view).flatMap(([name, value]) => {
    if (isObject(value)) return viewLines(value, { width }, `${prefix}${name}.`);
    const lines = wrapText(String(value), Math.max(width - LABEL_WIDTH, 10));
    return lines.map((line, index) => `${(index === 0 ? prefix + name : '').padEnd(LABEL_WIDTH)}${line}`.trimEnd());
  });
}

const valueText = (value: unknown): string => (value === undefined ? '' : JSON.stringify(value));

const COLUMNS: readonly Column<ConfigChange>[] = [
  { title: 'KEY', value: ({ key }) => key },
  { title: 'FROM', value: ({ from }) => valueText(from) },
  { title: 'TO', value: ({ to }) => valueText(to) },
];

/** What changes, as a table. */
export function changeLines(
  changes: readonly ConfigChange[],
  { width, paint }: Pick<Output, 'width' | 'paint'>,
): string[] {
  if (changes.length === 0) return ['nothing changes in its meaning'];
  const table = tableLines(changes, COLUMNS, width);
  return [paint('bold', table.header), ...table.rows.flat()];
}
