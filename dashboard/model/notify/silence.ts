import { compileMatchers, matchesEmpty, type LabelTest, type Labels, type Matcher } from '../alert/matcher.ts';

/** Alerts that are not to be sent for a while, with who said so and why. */
export interface Silence {
  readonly id: string;
  readonly matchers: readonly Matcher[];
  readonly startsAtUnixMs: number;
  readonly endsAtUnixMs: number;
  readonly updatedAtUnixMs: number;
  readonly createdBy: string;
  readonly comment: string;
  readonly annotations: Labels;
}

/** A silence as somebody asks for it; with an id it is a change of that one. */
export type SilenceRequest = Omit<Silence, 'id' | 'updatedAtUnixMs'> & { readonly id: string | undefined };

/** An expired silence is kept for this long, so that it can be made again, milliseconds. */
export const SILENCE_RETENTION_MS = 120 * 3_600_000;

export const MAX_SILENCES = 5000;

export function silenceState(silence: Silence, nowUnixMs: number): 'pending' | 'active' | 'expired' {
  if (nowUnixMs >= silence.endsAtUnixMs) return 'expired';
  return nowUnixMs >= silence.startsAtUnixMs ? 'active' : 'pending';
}

/** Why a silence cannot be; `undefined` when it can. */
export function silenceFault(request: SilenceRequest, nowUnixMs: number): string | undefined {
  const { matchers, startsAtUnixMs, endsAtUnixMs } = request;
  if (matchers.length === 0) return 'expected at least one matcher';
  try {
    if (matchers.every(matchesEmpty))
      return 'at least one matcher must not match the empty value: this would silence everything';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (!(endsAtUnixMs > startsAtUnixMs)) return 'it must end after it starts';
  return endsAtUnixMs > nowUnixMs ? undefined : 'it must end in the future';
}

function sameMatchers(a: readonly Matcher[], b: readonly Matcher[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Whether a change keeps what already happened true: otherwise the old one ends and a new one begins. */
function canUpdate(before: Silence, request: SilenceRequest, nowUnixMs: number): boolean {
  if (!sameMatchers(before.matchers, request.matchers)) return false;
  switch (silenceState(before, nowUnixMs)) {
    case 'active':
      return request.startsAtUnixMs === before.startsAtUnixMs && request.endsAtUnixMs >= nowUnixMs;
    case 'pending':
      return request.startsAtUnixMs >= nowUnixMs;
    case 'expired':
      return false;
  }
}

interface Known {
  readonly silence: Silence;
  readonly takes: LabelTest;
}

/** All silences. Invariant: what was silenced in the past is not rewritten. */
export class SilenceBook {
  readonly #known = new Map<string, Known>();
  /** What matches an alert, whatever the time, as of a version. */
  readonly #matches = new Map<string, { readonly version: number; readonly ids: readonly string[] }>();
  #version = 0;

  get all(): readonly Silence[] {
    return [...this.#known.values()].map(({ silence }) => silence);
  }

  get(id: string): Silence | undefined {
    return this.#known.get(id)?.silence;
  }

  /** Takes a silence as it is: read from the store, or told by another dashboard. */
  put(silence: Silence): void {
    this.#known.set(silence.id, { silence, takes: compileMatchers(silence.matchers) });
    this.#changed();
  }

  remove(id: string): void {
    if (this.#known.delete(id)) this.#changed();
  }

  /** What a request comes to: the silences that must be put. The last of them is the one that was asked for. */
  plan(request: SilenceRequest, at: { readonly nowUnixMs: number; readonly newId: string }): readonly Silence[] {
    const { nowUnixMs, newId } = at;
    const before = this.get(request.id ?? '');
    const startsAtUnixMs = Math.max(request.startsAtUnixMs, before?.startsAtUnixMs ?? nowUnixMs);
    if (before !== undefined && canUpdate(before, request, nowUnixMs))
      return [{ ...request, id: before.id, updatedAtUnixMs: nowUnixMs }];
    const ended = before === undefined ? undefined : this.expired(before.id, nowUnixMs);
    const begins = Math.max(startsAtUnixMs, nowUnixMs);
    const fresh = { ...request, id: newId, startsAtUnixMs: begins, updatedAtUnixMs: nowUnixMs };
    return ended === undefined ? [fresh] : [ended, fresh];
  }

  /** A silence ended now; `undefined` when there is none, or it is over. */
  expired(id: string, nowUnixMs: number): Silence | undefined {
    const silence = this.get(id);
    if (silence === undefined || silenceState(silence, nowUnixMs) === 'expired') return undefined;
    const startsAtUnixMs = Math.min(silence.startsAtUnixMs, nowUnixMs);
    return { ...silence, startsAtUnixMs, endsAtUnixMs: nowUnixMs, updatedAtUnixMs: nowUnixMs };
  }

  /** The silences that keep an alert quiet now. */
  silencing(alert: { readonly fingerprint: string; readonly labels: Labels }, nowUnixMs: number): readonly Silence[] {
    return this.#matching(alert).flatMap((id) => {
      const silence = this.get(id);
      return silence !== undefined && silenceState(silence, nowUnixMs) === 'active' ? [silence] : [];
    });
  }

  /** Ids that were over for so long that they may be forgotten. */
  outdated(nowUnixMs: number): readonly string[] {
    return this.all.filter((each) => nowUnixMs - each.endsAtUnixMs > SILENCE_RETENTION_MS).map(({ id }) => id);
  }

  #matching({ fingerprint, labels }: { readonly fingerprint: string; readonly labels: Labels }): readonly string[] {
    const known = this.#matches.get(fingerprint);
    if (known?.version === this.#version) return known.ids;
    const ids = [...this.#known.values()].filter(({ takes }) => takes(labels)).map(({ silence }) => silence.id);
    this.#matches.set(fingerprint, { version: this.#version, ids });
    return ids;
  }

  #changed(): void {
    this.#version += 1;
    // Alerts that are no more are forgotten with the next change.
    this.#matches.clear();
  }
}
