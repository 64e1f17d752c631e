import type { Alert } from '../alert/alert.ts';
import type { Labels } from '../alert/matcher.ts';
import { groupKeyOf, groupLabelsOf, routesFor, type Route } from './route.ts';

/** Alerts that are told together. */
export interface Group {
  readonly key: string;
  readonly route: Route;
  readonly labels: Labels;
  /** When it is looked at next, by the wall clock. */
  nextFlushUnixMs: number;
  /** Whether it was looked at once: then it is looked at each `groupInterval`. */
  flushed: boolean;
  alerts: Alert[];
}

/** What is stored of a group. */
export interface GroupRecord {
  readonly key: string;
  readonly nextFlushUnixMs: number;
  readonly flushed: boolean;
}

interface Place {
  readonly route: Route;
  readonly key: string;
}

/** Alerts whose place in the tree is remembered; more than there can be at one time. */
const MAX_PLACES = 20_000;

/** A wall clock that jumped further than this moves the groups' times with it, milliseconds. */
const CLOCK_JUMP_MS = 5000;

/**
 * Alerts in groups, each with its timer: `groupWait` after its first alert, then each `groupInterval`. Invariant: a group has at
 * least one alert that fired.
 */
export class GroupBook {
  readonly #groups = new Map<string, Group>();
  readonly #restored: Map<string, GroupRecord>;
  readonly #places = new Map<string, readonly Place[]>();
  #root: Route;
  #last: { readonly unixMs: number; readonly monotonicMs: number } | undefined;

  constructor(root: Route, restored: readonly GroupRecord[]) {
    this.#root = root;
    this.#restored = new Map(restored.map((record) => [record.key, record]));
  }

  get all(): readonly Group[] {
    return [...this.#groups.values()];
  }

  get records(): readonly GroupRecord[] {
    return this.all.map(({ key, nextFlushUnixMs, flushed }) => ({ key, nextFlushUnixMs, flushed }));
  }

  setRoot(root: Route): void {
    this.#root = root;
    for (const group of this.#groups.values()) this.#restored.set(group.key, group);
    this.#groups.clear();
    this.#places.clear();
  }

  /** Another dashboard told until now: what was told before is looked at again at once. */
  hurry(nowUnixMs: number): void {
    for (const group of this.#groups.values()) if (group.flushed) group.nextFlushUnixMs = nowUnixMs;
  }

  /** The groups that an alert is in. */
  of(alert: Alert): readonly Group[] {
    return this.#placesOf(alert).flatMap(({ key }) => this.#groups.get(key) ?? []);
  }

  /** The ends of the tree that an alert would go to. */
  routesFor(labels: Labels): readonly Route[] {
    return routesFor(this.#root, labels);
  }

  /** Where alerts go, from the root down. */
  get root(): Route {
    return this.#root;
  }

  /** Takes the alerts as they are now; gives the groups that are due, which are then due again an interval later. */
  update(
    alerts: readonly Alert[],
    now: { readonly nowUnixMs: number; readonly monotonicMs: number },
  ): readonly Group[] {
    this.#followClock(now);
    for (const group of this.#groups.values()) group.alerts = [];
    for (const alert of alerts)
      if (alert.state.kind !== 'pending' || alert.before !== undefined) this.#place(alert, now.nowUnixMs);
    const due: Group[] = [];
    for (const group of this.#groups.values()) {
      if (group.alerts.length === 0) this.#groups.delete(group.key);
      else if (group.nextFlushUnixMs <= now.nowUnixMs) due.push(group);
    }
    for (const group of due) {
      group.flushed = true;
      group.nextFlushUnixMs = now.nowUnixMs + group.route.groupIntervalMs;
    }
    return due;
  }

  #place(alert: Alert, nowUnixMs: number): void {
    for (const { route, key } of this.#placesOf(alert)) {
      const known = this.#groups.get(key) ?? this.#open(key, { alert, route }, nowUnixMs);
      known.alerts.push(alert);
    }
  }

  /** An alert is its labels, so its places only change with the tree. */
  #placesOf({ fingerprint, labels }: Alert): readonly Place[] {
    const known = this.#places.get(fingerprint);
    if (known !== undefined) return known;
    if (this.#places.size > MAX_PLACES) this.#places.clear();
    const places = routesFor(this.#root, labels).map((route) => ({ route, key: groupKeyOf(route, labels) }));
    this.#places.set(fingerprint, places);
    return places;
  }

  #open(key: string, { alert, route }: { alert: Alert; route: Route }, nowUnixMs: number): Group {
    const before = this.#restored.get(key);
    this.#restored.delete(key);
    // Of an alert that fired long ago (before a restart, say) nobody should wait for company.
    const startedUnixMs = alert.state.kind === 'pending' ? nowUnixMs : alert.state.firedAtUnixMs;
    const first = Math.min(Math.max(startedUnixMs, 0), nowUnixMs) + route.groupWaitMs;
    const group: Group = {
      key,
      route,
      labels: groupLabelsOf(route, alert.labels),
      flushed: before?.flushed ?? false,
      nextFlushUnixMs: Math.min(
        before?.nextFlushUnixMs ?? first,
        nowUnixMs + route.groupIntervalMs + route.groupWaitMs,
      ),
      alerts: [],
    };
    this.#groups.set(key, group);
    return group;
  }

  /** Timers run on the monotonic clock: when the wall clock jumps, the times that are kept in it jump along. */
  #followClock({ nowUnixMs, monotonicMs }: { readonly nowUnixMs: number; readonly monotonicMs: number }): void {
    const last = this.#last;
    this.#last = { unixMs: nowUnixMs, monotonicMs };
    if (last === undefined) return;
    const jumpMs = nowUnixMs - last.unixMs - (monotonicMs - last.monotonicMs);
    if (Math.abs(jumpMs) < CLOCK_JUMP_MS) return;
    for (const group of this.#groups.values()) group.nextFlushUnixMs += jumpMs;
  }
}
