import { matcherText, parseMatchers, type Matcher } from '../../model/alert/matcher.ts';

/** A silence as `GET /api/v1/silences` has it. */
export interface SilenceAnswer {
  readonly id: string;
  readonly status: { readonly state: 'active' | 'pending' | 'expired' };
  readonly matchers: readonly Matcher[];
  readonly startsAt: string;
  readonly endsAt: string;
  readonly createdBy: string;
  readonly comment: string;
}

/** A silence while it is edited. */
export interface SilenceDraft {
  /** Of the silence that is changed. */
  readonly id: string | undefined;
  /** When it began, kept by a change. */
  readonly startsAt: string | undefined;
  /** A matcher in each line. */
  readonly matchers: string;
  /** For how long from now, milliseconds. */
  readonly durationMs: number;
  readonly createdBy: string;
  readonly comment: string;
}

/** What a change is set to: a bit less than until its end would end it too early. */
export const DURATIONS: readonly (readonly [durationMs: number, name: string])[] = [
  [3_600_000, '1 hour'],
  [4 * 3_600_000, '4 hours'],
  [12 * 3_600_000, '12 hours'],
  [24 * 3_600_000, '1 day'],
  [7 * 86_400_000, '7 days'],
];

const FIRST_DURATION_MS = 3_600_000;

/** A new silence; `matchers` as in a link: with commas between them. */
export function newSilence(matchers: string, createdBy: string): SilenceDraft {
  const lines = parsed(matchers).map(matcherText).join('\n');
  return {
    id: undefined,
    startsAt: undefined,
    matchers: lines === '' ? matchers : lines,
    durationMs: FIRST_DURATION_MS,
    createdBy,
    comment: '',
  };
}

function parsed(text: string): readonly Matcher[] {
  try {
    return parseMatchers(text);
  } catch {
    return [];
  }
}

/** An existing silence, to be changed. */
export function draftOfSilence(silence: SilenceAnswer): SilenceDraft {
  const { id, matchers, startsAt, createdBy, comment, status } = silence;
  const lines = matchers.map(matcherText).join('\n');
  const isOver = status.state === 'expired';
  return {
    id: isOver ? undefined : id,
    startsAt: isOver ? undefined : startsAt,
    matchers: lines,
    durationMs: FIRST_DURATION_MS,
    createdBy,
    comment,
  };
}

/** The matchers of a draft. @throws {RangeError} naming the line that is none */
export function matchersOf({ matchers }: Pick<SilenceDraft, 'matchers'>): readonly Matcher[] {
  return matchers
    .split('\n')
    .filter((line) => line.trim() !== '')
    .flatMap(parseMatchers);
}

/** What the API is sent. @throws {RangeError} */
export function postedSilence(draft: SilenceDraft, nowUnixMs: number): object {
  const { id, startsAt, durationMs, createdBy, comment } = draft;
  const now = new Date(nowUnixMs).toISOString();
  return {
    ...(id === undefined ? {} : { id }),
    matchers: matchersOf(draft),
    startsAt: startsAt ?? now,
    endsAt: new Date(nowUnixMs + durationMs).toISOString(),
    createdBy: createdBy.trim(),
    comment: comment.trim(),
  };
}
