import { identitiesOf, leadingLevel, remapLevels, stepLevels, type LevelState } from './instance.ts';
import { holds, type AlertRule, type Query } from './rule.ts';
import type { Observation } from './state.ts';
import type { AlertTarget } from './target.ts';
import { SampleWindow } from './window.ts';

/** The past of one target: a value of each metric at every step, oldest first; NaN where nothing is known. */
export interface SampleSource {
  /** The coarsest step in it, milliseconds. */
  readonly stepMs: number;
  readonly steps: number;
  /** When a step begins; at `steps` the end of the last one. Unix milliseconds. */
  readonly timeOf: (step: number) => number;
  /** `undefined` when the metric has no past. */
  readonly series: (query: Query) => ((step: number) => number) | undefined;
}

export interface Episode {
  readonly labels: Readonly<Record<string, string>>;
  readonly severity: string;
  readonly fromUnixMs: number;
  /** `undefined` while it goes on. */
  readonly toUnixMs: number | undefined;
}

export interface BacktestResult {
  readonly episodes: readonly Episode[];
  /** All of them, also those that are not listed. */
  readonly fired: number;
  readonly targets: number;
  readonly longestMs: number;
  /** Targets that would have fired four times or more. */
  readonly flapping: number;
  /** How far back anything is known, milliseconds; 0 when the metric has no past. */
  readonly coveredMs: number;
  readonly stepMs: number;
  /** `would have fired 3 times …`. */
  readonly summary: string;
}

const MAX_EPISODES = 200;
const FLAPPING_FROM = 4;

/** What a rule would have done over the past: the live engine's own transitions, over stored samples. */
export function backtest(
  rule: AlertRule,
  pasts: readonly { readonly target: AlertTarget; readonly source: SampleSource | undefined }[],
): BacktestResult {
  const episodes: Episode[] = [];
  let targets = 0;
  let flapping = 0;
  let coveredMs = 0;
  let stepMs = 0;
  for (const { target, source } of pasts) {
    if (source?.series(rule.query) === undefined) continue;
    coveredMs = Math.max(coveredMs, source.timeOf(source.steps) - source.timeOf(0));
    stepMs = Math.max(stepMs, source.stepMs);
    const own = episodesOf(rule, target, source);
    if (own.length > 0) targets += 1;
    if (own.length >= FLAPPING_FROM) flapping += 1;
    episodes.push(...own);
  }
  const endUnixMs = (episode: Episode): number => episode.toUnixMs ?? episode.fromUnixMs;
  const longestMs = Math.max(0, ...episodes.map((episode) => endUnixMs(episode) - episode.fromUnixMs));
  const shown = [...episodes].sort((a, b) => b.fromUnixMs - a.fromUnixMs).slice(0, MAX_EPISODES);
  const summary = summaryOf({ fired: episodes.length, targets, coveredMs });
  return { episodes: shown, fired: episodes.length, targets, longestMs, flapping, coveredMs, stepMs, summary };
}

function summaryOf({ fired, targets, coveredMs }: { fired: number; targets: number; coveredMs: number }): string {
  if (coveredMs === 0) return 'nothing is known of the past of this metric';
  const hours = coveredMs / 3_600_000;
  const span = hours >= 1 ? `${Math.round(hours)} h` : `${Math.round(coveredMs / 60_000)} min`;
  if (fired === 0) return `would not have fired in the last ${span}`;
  const often = fired === 1 ? '1 time' : `${fired} times`;
  return `would have fired ${often} in the last ${span}, for ${targets} of what it looks at`;
}

function episodesOf(rule: AlertRule, target: AlertTarget, source: SampleSource): Episode[] {
  const read = readerOf(rule.query, source);
  const others = rule.and.map((condition) => ({ condition, read: readerOf(condition.query, source) }));
  const identities = identitiesOf(rule, target);
  const timing = { forMs: rule.forMs, keepFiringForMs: rule.keepFiringForMs };
  const episodes: Episode[] = [];
  let levels: readonly LevelState[] = remapLevels(rule, []);
  let open: Episode | undefined;
  for (let step = 0; step < source.steps; step += 1) {
    const nowUnixMs = source.timeOf(step);
    const value = read(step);
    const others_ = others.map(({ condition, read: readOther }) =>
      holds(condition.op, readOther(step), condition.threshold),
    );
    const all = others_.every((one) => one === true);
    const known = !others_.includes(undefined);
    levels = stepLevels(levels, (_, index) => observe(rule, { value, index, all, known }), {
      timing,
      time: { elapsedMs: step === 0 ? 0 : nowUnixMs - source.timeOf(step - 1), nowUnixMs },
    });
    const leading = leadingLevel(levels);
    const firing = leading?.state.kind === 'firing' ? leading.severity : undefined;
    if (firing !== undefined && open === undefined)
      open = {
        labels: identities.get(firing)?.labels ?? {},
        severity: firing,
        fromUnixMs: nowUnixMs,
        toUnixMs: undefined,
      };
    if (firing === undefined && open !== undefined) {
      episodes.push({ ...open, toUnixMs: nowUnixMs });
      open = undefined;
    }
  }
  return open === undefined ? episodes : [...episodes, open];
}

function observe(
  { op, levels }: AlertRule,
  { value, index, all, known }: { value: number; index: number; all: boolean; known: boolean },
): Observation {
  const level = levels[index];
  if (level === undefined || !known || !Number.isFinite(value)) return { kind: 'unknown', noData: false };
  const passes = (threshold: number): boolean => all && holds(op, value, threshold) === true;
  return {
    kind: 'sample',
    holds: passes(level.threshold),
    stays: passes(level.threshold) || passes(level.recovery),
    value,
  };
}

function readerOf(query: Query, source: SampleSource): (step: number) => number {
  const series = source.series(query) ?? (() => Number.NaN);
  if (query.agg === 'last') return series;
  const window = new SampleWindow(query.agg, query.windowMs, Number.NaN);
  let read = -1;
  return (step) => {
    for (; read < step; read += 1) window.push(series(read + 1), source.timeOf(read + 1));
    return window.value;
  };
}
