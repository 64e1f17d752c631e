import type { Alert } from '../../model/alert/alert.ts';
import type { Suppression } from '../../model/notify/flush.ts';
import { Inhibitor, OWN_INHIBIT_RULES, type InhibitRule } from '../../model/notify/inhibit.ts';
import type { Route } from '../../model/notify/route.ts';
import type { SilenceBook } from '../../model/notify/silence.ts';
import { isWithin, nextChange, type TimeInterval } from '../../model/notify/time-interval.ts';

interface Window {
  readonly within: boolean;
  /** `undefined`: not within the next days. */
  readonly changesUnixMs: number | undefined;
  readonly checkedUnixMs: number;
}

/** A time interval is asked again after this, also when it should not have changed. */
const RECHECK_MS = 60_000;

/** What keeps alerts quiet: others that explain them, hours, silences. */
export class Suppressor {
  readonly silences: SilenceBook;
  readonly #inhibitor: Inhibitor;
  readonly #intervals: () => readonly TimeInterval[];
  readonly #always: () => readonly string[];
  readonly #windows = new Map<string, Window>();

  constructor(parts: {
    readonly silences: SilenceBook;
    readonly inhibitRules: readonly InhibitRule[];
    readonly intervals: () => readonly TimeInterval[];
    /** Names of those that mute every route. */
    readonly always: () => readonly string[];
  }) {
    this.silences = parts.silences;
    this.#inhibitor = new Inhibitor([...OWN_INHIBIT_RULES, ...parts.inhibitRules]);
    this.#intervals = parts.intervals;
    this.#always = parts.always;
  }

  /** Takes the alerts as they are now. */
  update(alerts: readonly Alert[]): void {
    this.#inhibitor.update(alerts);
  }

  /** Asked anew after mute windows were changed. */
  forgetWindows(): void {
    this.#windows.clear();
  }

  /** Why an alert is not sent along a route now, in Alertmanager's order: inhibition, hours, silences. */
  suppression(alert: Alert, route: Route, nowUnixMs: number): Suppression | undefined {
    const by = this.#inhibitor.inhibiting(alert);
    if (by !== undefined) return { kind: 'inhibited', by };
    const muted = this.#muted(route, nowUnixMs);
    if (muted !== undefined) return muted;
    const [silence] = this.silences.silencing(alert, nowUnixMs);
    return silence === undefined ? undefined : { kind: 'silenced', by: silence };
  }

  #muted(route: Route, nowUnixMs: number): Suppression | undefined {
    const active = route.activeTimeIntervals.map((name) => ({ name, window: this.#window(name, nowUnixMs) }));
    if (active.length > 0 && active.every(({ window }) => window?.within !== true)) {
      const opens = active.map(({ window }) => window?.changesUnixMs).filter((at) => at !== undefined);
      const untilUnixMs = opens.length === 0 ? undefined : Math.min(...opens);
      return { kind: 'muted', by: active.map(({ name }) => `being outside of ${name}`).join(' and '), untilUnixMs };
    }
    for (const name of [...this.#always(), ...route.muteTimeIntervals]) {
      const window = this.#window(name, nowUnixMs);
      if (window?.within === true) return { kind: 'muted', by: name, untilUnixMs: window.changesUnixMs };
    }
    return undefined;
  }

  #window(name: string, nowUnixMs: number): Window | undefined {
    const known = this.#windows.get(name);
    const age = nowUnixMs - (known?.checkedUnixMs ?? -Infinity);
    if (known !== undefined && age >= 0 && age < RECHECK_MS && nowUnixMs < (known.changesUnixMs ?? Infinity))
      return known;
    const interval = this.#intervals().find((each) => each.name === name);
    if (interval === undefined) return undefined;
    const within = isWithin(interval, nowUnixMs);
    const window = { within, changesUnixMs: nextChange(interval, nowUnixMs), checkedUnixMs: nowUnixMs };
    this.#windows.set(name, window);
    return window;
  }
}
