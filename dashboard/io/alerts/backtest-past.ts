import { pastRequest, type PastRequest, type StoredPast } from '../../model/alert/backtest-source.ts';
import type { AlertRule } from '../../model/alert/rule.ts';
import type { AlertTarget } from '../../model/alert/target.ts';
import { Bins, type BinAxis } from '../../model/history/bins.ts';
import { HistoryUnavailableError, type HistoryStore } from '../history/history-store.ts';

/** How far back a rule is tested, milliseconds. */
const BACKTEST_MS = 24 * 3_600_000;

const MINUTE_MS = 60_000;

/** Lines that the store is asked for at most: more would keep its thread from writing for seconds. */
const MAX_LINES = 500;

/** Questions under way at once. */
const AT_ONCE = 8;

/** What the store knows of the targets of a rule, by the target's key. `partial` says what is missing. */
export interface Pasts {
  readonly stored: ReadonlyMap<string, StoredPast>;
  readonly partial: string | undefined;
}

interface Question {
  readonly target: string;
  readonly request: PastRequest;
}

function dayBefore(nowUnixMs: number): BinAxis {
  const fromUnixMs = Math.floor((nowUnixMs - BACKTEST_MS) / MINUTE_MS) * MINUTE_MS;
  return { fromUnixMs, stepMs: MINUTE_MS, count: BACKTEST_MS / MINUTE_MS + 1 };
}

/** Reads the minutes of the last 24 hours that memory has not, of everything that a rule looks at. */
export async function readPasts(
  rule: AlertRule,
  targets: readonly AlertTarget[],
  { store, nowUnixMs }: { readonly store: Pick<HistoryStore, 'ask'>; readonly nowUnixMs: number },
): Promise<Pasts> {
  const axis = dayBefore(nowUnixMs);
  const questions = targets.flatMap((target): Question[] => {
    const request = pastRequest(rule, target);
    return request === undefined || request.heldFromUnixMs <= axis.fromUnixMs ? [] : [{ target: target.key, request }];
  });
  const stored = new Map<string, StoredPast>();
  const asked = questions.slice(0, MAX_LINES);
  const ask = async ({ target, request: { key, columns, heldFromUnixMs } }: Question): Promise<void> => {
    const untilUnixMs = Math.min(heldFromUnixMs, nowUnixMs);
    const { bins } = await store.ask('read', { key, columns, axis, untilUnixMs });
    if (bins === undefined) return;
    const read = new Bins(axis, columns);
    read.merge(bins);
    stored.set(target, { axis, columns: new Map(columns.map((name) => [name, read.column(name)])) });
  };
  try {
    for (let at = 0; at < asked.length; at += AT_ONCE) await Promise.all(asked.slice(at, at + AT_ONCE).map(ask));
  } catch (error) {
    if (!(error instanceof HistoryUnavailableError)) throw error;
    return { stored, partial: `the stored past is missing: ${error.message}` };
  }
  const left = questions.length - asked.length;
  return { stored, partial: left === 0 ? undefined : `of ${left} of what it looks at only the last hours are known` };
}
