import { useEffect, useRef, useState } from 'preact/hooks';
import { ask } from '../api.ts';
import { connection } from '../socket.ts';
import { lastFrame } from '../store.ts';
import { extended, pastOf, type Past, type PastAnswer, type ValueNow } from './past.ts';
import { historyParams, isLive, type Range } from './range.ts';

/** A range that reaches up to now is asked for again this often at most, ms. */
const LEAST_REFRESH_MS = 10_000;

/** What agents kept back while nobody looked comes soon after somebody does, ms after opening; and now and then something else comes late. */
const FIRST_REFRESH_MS = 4_000;
const LATER_REFRESH_MS = 60_000;

/** A gap in live values is asked for no more often: the server may not know what is missing either. */
const LEAST_BACKFILL_MS = 3_000;

export interface PastRequest {
  readonly series: readonly string[];
  readonly range: Range;
  /** What a line's columns are in the newest frame. */
  readonly valueNow: ValueNow;
  /** The container that writes the line now: another one, or none, is news that frames do not tell. */
  readonly owner?: string | undefined;
}

export interface LoadedPast {
  /** What is known; stays while the server is away and while another range is loaded. */
  readonly past: Past | undefined;
  /** Why the last try gave none. */
  readonly reason: string | undefined;
  readonly isLoading: boolean;
  /** The server knows no such line. */
  readonly isUnknown: boolean;
}

const NOTHING: LoadedPast = { past: undefined, reason: undefined, isLoading: true, isUnknown: false };

const loadedPast = (past: Past): LoadedPast => ({ ...NOTHING, past, isLoading: false });

/** The address of a range's history; also with `format=csv`. */
export function historyPath(series: readonly string[], range: Range, format: 'json' | 'csv' = 'json'): string {
  const params = new URLSearchParams(historyParams(range));
  for (const key of series) params.append('series', key);
  if (format === 'csv') params.set('format', 'csv');
  return `/history?${params.toString()}`;
}

/**
 * The past of some lines, kept up to now: the live range by each frame, a longer one by asking again. Seconds that were missed, by a hidden tab or a lost
 * connection, are asked of the server.
 */
export function usePast({ series, range, valueNow, owner }: PastRequest): LoadedPast {
  const [state, setState] = useState(NOTHING);
  const latest = useRef(valueNow);
  latest.current = valueNow;
  const path = historyPath(series, range);

  useEffect(() => {
    const ending = new AbortController();
    let past: Past | undefined;
    let askedAtMs = -Infinity;
    let refresh: ReturnType<typeof setTimeout> | undefined;
    const load = async (): Promise<void> => {
      askedAtMs = performance.now();
      clearTimeout(refresh);
      const answer = await ask<PastAnswer>('GET', path, { signal: ending.signal });
      if (ending.signal.aborted) return;
      if (answer.ok) {
        past = pastOf(answer.value);
        setState(loadedPast(past));
      } else {
        const { reason, status } = answer;
        setState((before) => ({ ...before, reason, isLoading: false, isUnknown: status === 404 }));
      }
      if (range.kind === 'last') refresh = setTimeout(loadIfShown, refreshAfterMs(past, answer.ok));
    };
    let isFirst = true;
    const refreshAfterMs = (known: Past | undefined, isGood: boolean): number => {
      if (!isLive(range) || !isGood) return Math.max(LEAST_REFRESH_MS, known?.stepMs ?? 0);
      const wait = isFirst ? FIRST_REFRESH_MS : LATER_REFRESH_MS;
      isFirst = false;
      return wait;
    };
    const loadIfShown = (): void => {
      if (!document.hidden) void load();
    };
    const grow = (): void => {
      const frame = lastFrame.value;
      if (past === undefined || frame === undefined || !isLive(range)) return;
      const next = extended(past, frame.timeUnixMs, latest.current);
      if (next === undefined) {
        if (performance.now() - askedAtMs > LEAST_BACKFILL_MS) void load();
        return;
      }
      past = next;
      setState(loadedPast(next));
    };
    setState((before) => ({ ...before, isLoading: true }));
    void load();
    const stops = [
      lastFrame.subscribe(grow),
      connection.subscribe(({ kind }) => {
        if (kind === 'connected' && performance.now() - askedAtMs > LEAST_BACKFILL_MS) loadIfShown();
      }),
    ];
    document.addEventListener('visibilitychange', loadIfShown);
    return () => {
      ending.abort();
      clearTimeout(refresh);
      for (const stop of stops) stop();
      document.removeEventListener('visibilitychange', loadIfShown);
    };
  }, [path, owner]);

  return state;
}
