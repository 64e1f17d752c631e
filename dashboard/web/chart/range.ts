/** The stretch of time that a page shows: the last minutes up to now, or from one moment to another. */
export type Range =
  | { readonly kind: 'last'; readonly id: string; readonly ms: number }
  | { readonly kind: 'span'; readonly fromUnixMs: number; readonly toUnixMs: number };

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What is offered, the shortest first: by the second, by ten seconds, by minutes and by quarters of an hour where those are kept. */
export const PRESETS = [
  { id: '15m', ms: 15 * MINUTE_MS, name: '15 min' },
  { id: '1h', ms: HOUR_MS, name: '1 h' },
  { id: '6h', ms: 6 * HOUR_MS, name: '6 h' },
  { id: '24h', ms: DAY_MS, name: '24 h' },
  { id: '7d', ms: 7 * DAY_MS, name: '7 d' },
  { id: '14d', ms: 14 * DAY_MS, name: '14 d' },
  { id: '90d', ms: 90 * DAY_MS, name: '90 d' },
  { id: '365d', ms: 365 * DAY_MS, name: '1 y' },
] as const;

const LIVE = PRESETS[0];

/** The last minutes by the second, moved on with every frame. */
export const LIVE_RANGE: Range = { kind: 'last', id: LIVE.id, ms: LIVE.ms };

/** A zoom shows ten points at least. */
const SHORTEST_MS = 10_000;

export function isLive(range: Range): boolean {
  return range.kind === 'last' && range.id === LIVE.id;
}

function lastOf(id: string | null): Range | undefined {
  const preset = PRESETS.find((candidate) => candidate.id === id);
  return preset === undefined ? undefined : { kind: 'last', id: preset.id, ms: preset.ms };
}

function spanOf(from: string | null, to: string | null): Range | undefined {
  const [fromUnixMs, toUnixMs] = [Date.parse(from ?? ''), Date.parse(to ?? '')];
  return fromUnixMs < toUnixMs ? { kind: 'span', fromUnixMs, toUnixMs } : undefined;
}

/** `last=6h`, or `from=…&to=…` in ISO 8601; anything else is live. */
export function parseRange(params: URLSearchParams): Range {
  return spanOf(params.get('from'), params.get('to')) ?? lastOf(params.get('last')) ?? LIVE_RANGE;
}

/** The same parameters with this range in the place of theirs. */
export function withRange(params: URLSearchParams, range: Range): URLSearchParams {
  const next = new URLSearchParams(params);
  for (const name of ['last', 'from', 'to']) next.delete(name);
  if (range.kind === 'span') {
    next.set('from', new Date(range.fromUnixMs).toISOString());
    next.set('to', new Date(range.toUnixMs).toISOString());
  } else if (!isLive(range)) next.set('last', range.id);
  return next;
}

/** Two moments that somebody pointed at, in either order, as a range that is not too short to show anything. */
export function zoomedTo(a: number, b: number): Range {
  const [from, to] = [Math.min(a, b), Math.max(a, b)];
  const missing = Math.max(0, SHORTEST_MS - (to - from)) / 2;
  return { kind: 'span', fromUnixMs: Math.floor(from - missing), toUnixMs: Math.ceil(to + missing) };
}

/** The next longer preset, or with `-1` the next shorter one; from a span to the first that holds as much. */
export function neighbourOf(range: Range, direction: 1 | -1): Range {
  const length = range.kind === 'last' ? range.ms : range.toUnixMs - range.fromUnixMs;
  const at = PRESETS.findIndex(({ ms }) => ms >= length);
  const place = at < 0 ? PRESETS.length - 1 : at;
  const next = range.kind === 'last' ? place + direction : place + Math.min(0, direction);
  const { id } = PRESETS[Math.min(PRESETS.length - 1, Math.max(0, next))] ?? LIVE;
  return lastOf(id) ?? LIVE_RANGE;
}

/** What moves on is held as it is now; what is held goes on live. */
export function heldOrLive(range: Range, nowUnixMs: number): Range {
  return range.kind === 'last' ? zoomedTo(nowUnixMs - range.ms, nowUnixMs) : LIVE_RANGE;
}

/** The range in the parameters of `GET /api/v1/history`. */
export function historyParams(range: Range): Readonly<Record<string, string>> {
  if (range.kind === 'span')
    return { from: new Date(range.fromUnixMs).toISOString(), to: new Date(range.toUnixMs).toISOString() };
  return isLive(range) ? { from: `-${range.id}`, step: '1s' } : { from: `-${range.id}` };
}
