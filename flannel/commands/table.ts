/** A column of a table; the first line of it is its title. */
export interface Column<Row> {
  readonly title: string;
  /** Default left. */
  readonly align?: 'left' | 'right';
  readonly value: (row: Row) => string;
}

// Controls, and what reorders a line: a terminal obeys what it is sent, and names and values are other hosts'.
const STEERING = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A text of others for one line of a terminal: white space is a space, what would steer the terminal is written as JSON does. */
export function printable(text: string): string {
  const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return text.replace(/[\t\r\n]+/g, ' ').replace(STEERING, escape);
}

const GAP = '  ';
const MIN_COLUMN = 4;

/** Breaks a text into lines of at most `width` characters: between words where there are any, inside of them where there must be. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of printable(text).split(' ')) {
    let rest = word;
    if (line !== '' && line.length + 1 + rest.length > width) {
      lines.push(line);
      line = '';
    }
    while (rest.length > width) {
      lines.push(rest.slice(0, width));
      rest = rest.slice(width);
    }
    line = line === '' ? rest : `${line} ${rest}`;
  }
  return [...lines, line];
}

/** Makes the widest columns narrower until the table fits, or cannot get narrower. */
function fittedWidths(natural: readonly number[], available: number): number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, 0) - available;
  while (excess > 0) {
    const widest = Math.max(...widths);
    if (widest <= MIN_COLUMN) break;
    widths[widths.indexOf(widest)] = widest - 1;
    excess -= 1;
  }
  return widths;
}

/** Lines of a table that fits `width`: a cell that is too wide goes on in the next line, nothing is cut off. */
export function tableLines<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  width: number,
): { readonly header: string; readonly rows: readonly string[][] } {
  const cells = rows.map((row) => columns.map(({ value }) => printable(value(row))));
  const natural = columns.map(({ title }, index) =>
    cells.reduce((longest, row) => Math.max(longest, (row[index] ?? '').length), title.length),
  );
  const widths = fittedWidths(natural, width - GAP.length * (columns.length - 1));
  const line = (texts: readonly string[]): string =>
    columns
      .map(({ align }, index) => {
        const text = texts[index] ?? '';
        const columnWidth = widths[index] ?? 0;
        return align === 'right' ? text.padStart(columnWidth) : text.padEnd(columnWidth);
      })
      .join(GAP)
      .trimEnd();
  return {
    header: line(columns.map(({ title }) => title)),
    rows: cells.map((row) => {
      const wrapped = row.map((text, index) => wrapText(text, widths[index] ?? 0));
      const height = Math.max(1, ...wrapped.map((lines) => lines.length));
      return Array.from({ length: height }, (_, at) => line(wrapped.map((lines) => lines[at] ?? '')));
    }),
  };
}

const LABEL_WIDTH = 11;

/** `label      text`, the text going on below itself. */
export function fieldLines(label: string, text: string, width: number): string[] {
  const lines = wrapText(text, Math.max(width - LABEL_WIDTH, MIN_COLUMN));
  return lines.map((line, index) => `${(index === 0 ? label : '').padEnd(LABEL_WIDTH)}${line}`.trimEnd());
}

/** `3 d 4 h`, `23 h 59 min`, `4 min 10 s`, `12 s`: two units are enough for a person. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  if (first === -1) return '0 s';
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(' ');
}

/** `1 peer`, `2 peers`. */
export function countText(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
