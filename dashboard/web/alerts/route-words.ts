import { parseMatchers } from '../../model/alert/matcher.ts';
import type { Route } from '../../model/notify/route.ts';
import { formatDuration } from '../format.ts';

/** A route as `GET /api/v1/routes` has it. */
export interface RouteAnswer extends Omit<Route, 'labels' | 'takes' | 'routes'> {
  /** 0 is the root. */
  readonly depth: number;
  /** What it takes of its parent's alerts. */
  readonly matchers: string;
  /** Names of the receiver's channels. */
  readonly channels: readonly string[];
}

/** What a route takes, in words. */
export const takenText = ({ depth, matchers }: RouteAnswer): string =>
  depth === 0 ? 'all that no route below takes' : matchers === '{}' ? 'everything' : matchers.slice(1, -1);

/** What goes into one message. */
export function togetherText({ groupBy }: RouteAnswer): string {
  if (groupBy.includes('...')) return 'each alert by itself';
  return groupBy.length === 0 ? 'all in one' : groupBy.join(', ');
}

/** When it tells: after how long first, how often what is new, how often what is known. */
export const pacesText = ({ groupWaitMs, groupIntervalMs, repeatIntervalMs }: RouteAnswer): string =>
  `after ${formatDuration(groupWaitMs)}, then each ${formatDuration(groupIntervalMs)}, the same again after ${formatDuration(repeatIntervalMs)}`;

/** At which times it is quiet; empty for never. */
export function quietText({ muteTimeIntervals, activeTimeIntervals }: RouteAnswer): string {
  const muted = muteTimeIntervals.length === 0 ? [] : [`not in ${muteTimeIntervals.join(', ')}`];
  const active = activeTimeIntervals.length === 0 ? [] : [`only in ${activeTimeIntervals.join(', ')}`];
  return [...active, ...muted].join('; ');
}

/** The labels that somebody typed, `name="value"` in each line or with commas. @throws {RangeError} naming what is none */
export function labelsOf(text: string): Readonly<Record<string, string>> {
  const matchers = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .flatMap(parseMatchers);
  const other = matchers.find(({ isEqual, isRegex }) => !isEqual || isRegex);
  if (other !== undefined) throw new RangeError(`${other.name}: expected a label of one alert, such as host="h1"`);
  return Object.fromEntries(matchers.map(({ name, value }) => [name, value]));
}
