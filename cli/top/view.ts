import type { ContainerView, ProcessesView, StatsTick } from '../../statsd/status-wire.ts';
import { COLUMNS, fittingColumns, type Column } from './columns.ts';
import { detailFacts } from './detail.ts';
import { binaryBytes, cell, percent, UNKNOWN } from './format.ts';

/** What the user chose. */
export interface TopState {
  readonly sort: string;
  readonly reversed: boolean;
  /** Shown are those in whose name, image, runtime, labels or id it stands. */
  readonly filter: string;
  /** The filter is being typed. */
  readonly editing: boolean;
  readonly showExited: boolean;
  /** Key of the marked container. */
  readonly selected: string | undefined;
  readonly screen: 'table' | 'detail' | 'help';
  /** Lines of the details above the first that is shown. */
  readonly scrolled: number;
}

export const initialState = (facts: Pick<TopState, 'sort' | 'filter' | 'showExited'>): TopState => ({
  ...facts,
  reversed: false,
  editing: false,
  selected: undefined,
  screen: 'table',
  scrolled: 0,
});

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

const MIN_COLUMNS = 20;

function fits(container: ContainerView, filter: string): boolean {
  const word = filter.toLowerCase();
  const { name, image = '', runtime, id, labels } = container;
  return [name, image, runtime, id, ...Object.entries(labels).map(([key, value]) => `${key}=${value}`)].some((text) =>
    text.toLowerCase().includes(word),
  );
}

type Order = number | string | undefined;

/** `web-2` before `web-10`. */
const { compare: byWords } = new Intl.Collator('en', { numeric: true });

/** Numbers from the largest, texts from A, the unknown last. */
function compare(a: Order, b: Order): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  if (typeof a === 'number' && typeof b === 'number') return b - a;
  return byWords(String(a), String(b));
}

/** The rows of the table: filtered, sorted, equal ones by name. */
export function rowsOf(tick: StatsTick, state: TopState): ContainerView[] {
  const column = COLUMNS.find(({ id }) => id === state.sort);
  const shown = tick.containers.filter(
    (container) => (state.showExited || container.state !== 'exited') && fits(container, state.filter),
  );
  const sorted = shown.toSorted(
    (a, b) =>
      compare(column?.order(a, tick), column?.order(b, tick)) || byWords(a.name, b.name) || byWords(a.key, b.key),
  );
  return state.reversed ? sorted.reverse() : sorted;
}

/** As many whole parts as have room; the first one in any case. */
function fittingParts([first = '', ...others]: readonly string[], columns: number): string {
  let line = first;
  for (const part of others) {
    const longer = `${line} · ${part}`;
    if (longer.length > columns) return line;
    line = longer;
  }
  return line;
}

function headLine({ host, containers }: StatsTick, shown: number, columns: number): string {
  const busy = host.cpuBusyCores === undefined ? UNKNOWN : percent(host.cpuBusyCores / host.cpuCores);
  const used =
    host.memoryTotalBytes === undefined || host.memoryAvailableBytes === undefined
      ? undefined
      : host.memoryTotalBytes - host.memoryAvailableBytes;
  const memory = `${binaryBytes(used)} of ${binaryBytes(host.memoryTotalBytes)}`;
  const load = host.load1 === undefined ? UNKNOWN : host.load1.toFixed(2);
  const parts = [
    `${shown} of ${containers.length} containers`,
    `CPU ${busy} % of ${host.cpuCores}`,
    `memory ${memory}`,
  ];
  return fittingParts([host.hostname, ...parts, `load ${load}`], columns);
}

const titleLine = (columns: readonly Column[], { sort, reversed }: TopState): string =>
  columns
    .map(({ id, title, width, align }) => {
      const mark = id === sort ? (reversed ? '▴' : '▾') : '';
      return cell(`${mark}${title}`, width, align);
    })
    .join(' ');

const rowLine = (container: ContainerView, tick: StatsTick, columns: readonly Column[]): string =>
  columns.map(({ text, width, align }) => cell(text(container, tick), width, align)).join(' ');

/** The table without a terminal: every row, no marks. */
export function plainTable(tick: StatsTick, state: TopState, columns: number): string {
  const fitting = fittingColumns(Math.max(MIN_COLUMNS, columns));
  const lines = [
    fitting.map(({ title, width, align }) => cell(title, width, align)).join(' '),
    ...rowsOf(tick, state).map((container) => rowLine(container, tick, fitting)),
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

const HELP = [
  '↑ ↓ j k     mark a container          Enter   everything about it',
  'PgUp PgDn   ten further, or scroll    g G     the first, the last',
  's S         next, previous sort       r       turn the order round',
  'c m n i p   sort by CPU, memory, network, block IO, pids',
  '/           filter by name, image, runtime, label; Esc or Ctrl-U clears it',
  'a           show those that ended     Esc     back',
  'q Ctrl-C    leave                     ?       this page',
];

export interface Painted {
  readonly lines: readonly string[];
  /** Index of the line to show inverted. */
  readonly marked: number | undefined;
}

const BOTTOM = ['q leave', '? help', 's sort', '/ filter', 'Enter details'];

function bottomLine(state: TopState, note: string | undefined, columns: number): string {
  if (state.editing) return `filter: ${state.filter}█`;
  const filter = state.filter === '' ? [] : [`filter "${state.filter}"`];
  // A note is cut where it has to be: its beginning is better than nothing.
  return note === undefined ? fittingParts([...filter, ...BOTTOM], columns) : [...filter, note].join(' · ');
}

function tableLines(tick: StatsTick, state: TopState, size: Size): Painted {
  const columns = fittingColumns(size.columns);
  const rows = rowsOf(tick, state);
  const room = Math.max(1, size.rows - 3);
  const at = Math.max(
    0,
    rows.findIndex(({ key }) => key === state.selected),
  );
  // The marked row stays in sight, in the middle where it can.
  const first = Math.max(0, Math.min(at - Math.floor(room / 2), rows.length - room));
  const visible = rows.slice(first, first + room);
  return {
    lines: [
      headLine(tick, rows.length, size.columns),
      titleLine(columns, state),
      ...visible.map((container) => rowLine(container, tick, columns)),
    ],
    marked: visible.length === 0 ? undefined : 2 + at - first,
  };
}

export interface Frame {
  readonly size: Size;
  readonly note: string | undefined;
  /** Of the container whose details are shown, once they were looked at. */
  readonly processes?: ProcessesView | undefined;
}

function screenOf(tick: StatsTick, state: TopState, { size, processes }: Frame): Painted {
  if (state.screen === 'help') return { lines: ['weft top', '', ...HELP], marked: undefined };
  const container = tick.containers.find(({ key }) => key === state.selected);
  if (state.screen === 'table' || container === undefined) return tableLines(tick, state, size);
  const facts = detailFacts(container, tick, processes?.key === container.key ? processes : undefined);
  // Values have most of a narrow terminal.
  const width = Math.min(30, Math.floor(size.columns * 0.4));
  const lines = facts.map(([name, value]) => `${cell(name, width)} ${value}`);
  const hidden = Math.max(0, lines.length - (size.rows - 1));
  return { lines: lines.slice(Math.min(state.scrolled, hidden)), marked: undefined };
}

/** Exactly `size.rows` lines of exactly `size.columns` columns. */
export function paint(tick: StatsTick | undefined, state: TopState, frame: Frame): Painted {
  const { size, note } = frame;
  const painted = tick === undefined ? { lines: [], marked: undefined } : screenOf(tick, state, frame);
  const body = painted.lines.slice(0, Math.max(0, size.rows - 1));
  const empty = Math.max(0, size.rows - 1 - body.length);
  const lines = [...body, ...Array.from({ length: empty }, () => ''), bottomLine(state, note, size.columns)];
  return { ...painted, lines: lines.slice(-size.rows).map((line) => cell(line, size.columns)) };
}
