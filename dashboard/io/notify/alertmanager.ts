import type { Clock } from '../../../native/host/clock.ts';
import type { Logger } from '../../../native/host/log.ts';
import type { Alert } from '../../model/alert/alert.ts';
import { EVALUATION_INTERVAL_MS } from '../../model/alert/state.ts';
import { payloadAlert } from '../../model/notify/webhook-payload.ts';
import { outcomeOf, outcomeOfError, type SendOutcome } from './channel.ts';
import { guardedFetch, type GuardedHttpOptions } from './guarded-http.ts';

export interface AlertmanagerOptions {
  readonly id: string;
  /** Its base, such as `http://alertmanager:9093`. */
  readonly url: string;
  readonly label: string;
  readonly externalUrl: string;
  readonly http: GuardedHttpOptions;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onOutcome: (outcome: SendOutcome, alerts: readonly Alert[]) => void;
}

/** An alert is told again this often, so that an Alertmanager that lost it learns of it, milliseconds. */
export const RESEND_DELAY_MS = 60_000;
const BATCH = 256;

/** As Prometheus does it: what stops being told is over by itself. */
const VALID_MS = 4 * Math.max(EVALUATION_INTERVAL_MS, RESEND_DELAY_MS);

/** What Alertmanager is posted. */
export function postableAlert(alert: Alert, at: { readonly externalUrl: string; readonly nowUnixMs: number }): object {
  const { labels, annotations, startsAt, endsAt, status, generatorURL } = payloadAlert(alert, at.externalUrl);
  const until = status === 'firing' ? new Date(at.nowUnixMs + VALID_MS).toISOString() : endsAt;
  return { labels, annotations, startsAt, endsAt: until, generatorURL };
}

/**
 * Forwards every alert to an Alertmanager, which groups, silences and repeats by itself. Nothing is queued: what it has to know
 * is what fires now, and what resolved within the last quarter of an hour.
 */
export class AlertmanagerForwarder {
  readonly #options: AlertmanagerOptions;
  /** When an alert was last taken, by fingerprint. */
  readonly #sentUnixMs = new Map<string, number>();
  #running: Promise<void> | undefined;
  #notBeforeMonotonicMs = 0;
  #failures = 0;

  constructor(options: AlertmanagerOptions) {
    this.#options = options;
  }

  get id(): string {
    return this.#options.id;
  }

  get label(): string {
    return this.#options.label;
  }

  /** When an alert was last taken; `undefined` when it never was. */
  sentAt(fingerprint: string): number | undefined {
    return this.#sentUnixMs.get(fingerprint);
  }

  /** Starts sending what is due, unless a batch is under way or the last one failed a moment ago. */
  pump(alerts: readonly Alert[], signal: AbortSignal): void {
    const { clock, log } = this.#options;
    if (this.#running !== undefined || clock.monotonicMs() < this.#notBeforeMonotonicMs) return;
    const due = alerts.filter((alert) => this.#isDue(alert)).slice(0, BATCH);
    if (due.length === 0) return;
    this.#running = this.#send(due, signal)
      .catch((err: unknown) => {
        if (!signal.aborted) log.error({ err }, 'forwarding to Alertmanager failed');
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  async settled(): Promise<void> {
    await this.#running;
  }

  /** Posts some alerts once; for the test button too. */
  async post(alerts: readonly object[], signal: AbortSignal): Promise<SendOutcome> {
    const { url, http } = this.#options;
    const body = JSON.stringify(alerts);
    const target = `${url.replace(/\/$/, '')}/api/v2/alerts`;
    try {
      return outcomeOf(
        await guardedFetch({ url: target, headers: { 'content-type': 'application/json' }, body }, http, signal),
      );
    } catch (error) {
      signal.throwIfAborted();
      return outcomeOfError(error);
    }
  }

  #isDue({ fingerprint, state }: Alert): boolean {
    if (state.kind === 'pending') return false;
    const sent = this.#sentUnixMs.get(fingerprint);
    if (sent === undefined) return true;
    const changed = state.kind === 'resolved' ? state.resolvedAtUnixMs : state.firedAtUnixMs;
    const age = this.#options.clock.nowMs() - sent;
    // A clock that went back must not keep it waiting.
    return changed >= sent || age >= RESEND_DELAY_MS || age < 0;
  }

  async #send(alerts: readonly Alert[], signal: AbortSignal): Promise<void> {
    const { clock, externalUrl } = this.#options;
    const nowUnixMs = clock.nowMs();
    const outcome = await this.post(
      alerts.map((alert) => postableAlert(alert, { externalUrl, nowUnixMs })),
      signal,
    );
    this.#options.onOutcome(outcome, alerts);
    if (outcome.kind === 'retry') {
      this.#failures += 1;
      const waitMs = Math.min(60_000, 1000 * 2 ** Math.min(this.#failures, 6));
      this.#notBeforeMonotonicMs = clock.monotonicMs() + Math.max(waitMs, outcome.retryAfterMs ?? 0);
      return;
    }
    // A 400 is best effort: the valid ones of the batch were taken, and the others will be as wrong the next time.
    this.#failures = 0;
    for (const { fingerprint } of alerts) this.#sentUnixMs.set(fingerprint, nowUnixMs);
    this.#forget(nowUnixMs);
  }

  #forget(nowUnixMs: number): void {
    if (this.#sentUnixMs.size < 10_000) return;
    for (const [fingerprint, sent] of this.#sentUnixMs)
      if (nowUnixMs - sent > 10 * RESEND_DELAY_MS) this.#sentUnixMs.delete(fingerprint);
  }
}
