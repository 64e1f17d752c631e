import type { StatsTick } from '../../statsd/status-wire.ts';
import { SORTS } from './columns.ts';
import { rowsOf, type TopState } from './view.ts';

/** What a key press asks for; `undefined` is to leave. */
export type Next = TopState | undefined;

const SORT_KEYS: Readonly<Record<string, string>> = { c: 'cpu', m: 'memory', n: 'receive', i: 'write', p: 'pids' };
const UP: readonly string[] = ['\u001b[A', '\u001bOA', 'k'];
const DOWN: readonly string[] = ['\u001b[B', '\u001bOB', 'j'];
const PAGE: Readonly<Record<string, number>> = { '\u001b[5~': -10, '\u001b[6~': 10 };
const FIRST: readonly string[] = ['g', '\u001b[H', '\u001b[1~', '\u001bOH'];
const LAST: readonly string[] = ['G', '\u001b[F', '\u001b[4~', '\u001bOF'];
const ENTER: readonly string[] = ['\r', '\n'];
const ESCAPE = '\u001b';
const INTERRUPT = '\u0003';
const BACKSPACE: readonly string[] = ['\u007f', '\b'];
/** Ctrl-U and Ctrl-W, as in a shell. */
const [CLEAR, CLEAR_WORD] = ['\u0015', '\u0017'];
const MAX_FILTER = 100;

/** Splits what a terminal sent into keys: one character each, escape sequences whole. */
export function keysIn(text: string): string[] {
  return text.match(/\u001b(?:\[[0-9;]*[A-Za-z~]|O[A-Z])?|[^\u001b]/gu) ?? [];
}

function edited(state: TopState, key: string): TopState {
  if (ENTER.includes(key)) return { ...state, editing: false };
  if (key === ESCAPE) return { ...state, editing: false, filter: '' };
  if (BACKSPACE.includes(key)) return { ...state, filter: Array.from(state.filter).slice(0, -1).join('') };
  if (key === CLEAR) return { ...state, filter: '' };
  if (key === CLEAR_WORD) return { ...state, filter: state.filter.replace(/\S*\s*$/, '') };
  const isText = !/^[\p{Cc}]/u.test(key) && state.filter.length < MAX_FILTER;
  return isText ? { ...state, filter: state.filter + key } : state;
}

/** Further than any terminal is high; what is painted does not go past the end. */
const MAX_SCROLLED = 10_000;

const scrolled = (state: TopState, by: number): TopState => ({
  ...state,
  scrolled: Math.max(0, Math.min(MAX_SCROLLED, state.scrolled + by)),
});

function moved(state: TopState, tick: StatsTick | undefined, by: number): TopState {
  const keys = tick === undefined ? [] : rowsOf(tick, state).map(({ key }) => key);
  const at = keys.findIndex((key) => key === state.selected);
  const to = Math.max(0, Math.min(keys.length - 1, (at < 0 ? 0 : at) + by));
  return { ...state, selected: keys[to], scrolled: 0 };
}

function sorted(state: TopState, by: number): TopState {
  const at = SORTS.indexOf(state.sort);
  return { ...state, sort: SORTS[(at + by + SORTS.length) % SORTS.length] ?? state.sort };
}

const COMMANDS: Readonly<Record<string, (state: TopState) => TopState>> = {
  s: (state) => sorted(state, 1),
  S: (state) => sorted(state, -1),
  r: (state) => ({ ...state, reversed: !state.reversed }),
  a: (state) => ({ ...state, showExited: !state.showExited }),
  '/': (state) => ({ ...state, editing: true, screen: 'table' }),
  '?': (state) => ({ ...state, screen: state.screen === 'help' ? 'table' : 'help' }),
};

const movement = (key: string): number => {
  if (FIRST.includes(key)) return -Infinity;
  if (LAST.includes(key)) return Infinity;
  if (UP.includes(key)) return -1;
  return DOWN.includes(key) ? 1 : (PAGE[key] ?? 0);
};

/** The details of one scroll, by pages and to their beginning; everything else marks another container. */
function stepped(state: TopState, key: string, tick: StatsTick | undefined): TopState {
  const by = movement(key);
  if (state.screen !== 'detail') return moved(state, tick, by);
  // How long they are is known where they are painted, so they have no key for their end.
  if (LAST.includes(key)) return state;
  return Object.hasOwn(PAGE, key) || FIRST.includes(key) ? scrolled(state, by) : moved(state, tick, by);
}

/** The state after a key; `undefined` when the user wants to leave. */
export function pressed(state: TopState, key: string, tick: StatsTick | undefined): Next {
  if (key === INTERRUPT) return undefined;
  if (state.editing) return edited(state, key);
  if (key === 'q') return undefined;
  if (key === ESCAPE) return state.screen === 'table' ? { ...state, filter: '' } : { ...state, screen: 'table' };
  if (ENTER.includes(key)) {
    const marked = moved(state, tick, 0);
    return { ...marked, screen: state.screen === 'detail' ? 'table' : 'detail' };
  }
  if (movement(key) !== 0) return stepped(state, key, tick);
  const sort = SORT_KEYS[key];
  if (sort !== undefined) return { ...state, sort };
  return COMMANDS[key]?.(state) ?? state;
}
