import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { ConfigError, durationMs, faultsOf } from '../../../native/host/config.ts';
import { parseMatchers, type Matcher } from '../../model/alert/matcher.ts';
import type { InhibitRule } from '../../model/notify/inhibit.ts';
import type { RouteSpec } from '../../model/notify/route.ts';
import { isTimeZone, type TimeInterval } from '../../model/notify/time-interval.ts';
import { valuesOf } from '../yaml-values.ts';
import { channelSchema, type ChannelSpec } from './channel-schema.ts';

const matchers = z
  .array(z.string().max(1024))
  .max(20)
  .transform((texts, context): readonly Matcher[] => {
    try {
      return texts.flatMap(parseMatchers);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
      return z.NEVER;
    }
  });

const names = z.array(z.string().max(64)).max(20);

const routeShape = {
  receiver: z.string().optional(),
  groupBy: names.optional(),
  matchers: matchers.optional(),
  groupWait: durationMs.optional(),
  groupInterval: durationMs.optional(),
  repeatInterval: durationMs.optional(),
  muteTimeIntervals: names.optional(),
  activeTimeIntervals: names.optional(),
  continue: z.boolean().optional(),
  labels: z.record(z.string(), z.string()).optional(),
};

interface RawRoute {
  receiver?: string | undefined;
  groupBy?: string[] | undefined;
  matchers?: readonly Matcher[] | undefined;
  groupWait?: number | undefined;
  groupInterval?: number | undefined;
  repeatInterval?: number | undefined;
  muteTimeIntervals?: string[] | undefined;
  activeTimeIntervals?: string[] | undefined;
  continue?: boolean | undefined;
  labels?: Record<string, string> | undefined;
  routes?: RawRoute[] | undefined;
}

const routeSchema: z.ZodType<RawRoute> = z.lazy(() =>
  z.strictObject({ ...routeShape, routes: z.array(routeSchema).max(100).optional() }),
);

function routeOf({ groupWait, groupInterval, repeatInterval, routes, ...rest }: RawRoute): RouteSpec {
  const times = { groupWaitMs: groupWait, groupIntervalMs: groupInterval, repeatIntervalMs: repeatInterval };
  return { ...rest, ...times, routes: routes?.map(routeOf) };
}

const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const MONTHS = 'january february march april may june july august september october november december'.split(' ');

/** `monday:friday`, `1:5`, `-1`; words count from `first`. */
function range(words: readonly string[], first: number): z.ZodType<{ from: number; to: number }> {
  return z.union([z.string(), z.number()]).transform((text, context) => {
    const ends = String(text)
      .toLowerCase()
      .split(':')
      .map((part) => (words.includes(part) ? words.indexOf(part) + first : Number(part)));
    const [from = Number.NaN, to = from] = ends;
    if (ends.length <= 2 && Number.isInteger(from) && Number.isInteger(to) && (from <= to || from < 0))
      return { from, to };
    context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is no range: expected such as 1:5` });
    return z.NEVER;
  });
}

const minuteOfDay = z.string().transform((text, context) => {
  const [, hours, minutes] = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(text) ?? [];
  const minute = Number(hours) * 60 + Number(minutes);
  if (minute <= 24 * 60) return minute;
  context.addIssue({
    code: 'custom',
    message: `${JSON.stringify(text)} is no time: expected such as 09:30, at most 24:00`,
  });
  return z.NEVER;
});

const timeSpec = z
  .strictObject({
    times: z.array(z.strictObject({ start: minuteOfDay, end: minuteOfDay })).optional(),
    weekdays: z.array(range(DAYS, 0)).optional(),
    daysOfMonth: z.array(range([], 0)).optional(),
    months: z.array(range(MONTHS, 1)).optional(),
    years: z.array(range([], 0)).optional(),
    location: z
      .string()
      .max(64)
      .refine(isTimeZone, 'expected the name of a time zone, such as Europe/Berlin')
      .default('UTC'),
  })
  .transform(({ times, ...rest }) => ({
    ...rest,
    times: times?.map(({ start, end }) => ({ startMinute: start, endMinute: end })),
  }));

/** A mute window, as a file or the API describes it. */
export const timeIntervalSchema = z
  .strictObject({ name: z.string().min(1).max(64), timeIntervals: z.array(timeSpec).min(1).max(20) })
  .transform(({ name, timeIntervals }): TimeInterval => ({ name, parts: timeIntervals }));

/** A label that source and target have alike, or one of each. */
const EQUAL_LABELS = /^[a-zA-Z_][a-zA-Z0-9_]{0,63}(=[a-zA-Z_][a-zA-Z0-9_]{0,63})?$/;

const inhibitRule = z
  .strictObject({
    name: z.string().max(64).default(''),
    sourceMatchers: matchers,
    targetMatchers: matchers,
    equal: z
      .array(z.string().regex(EQUAL_LABELS, 'expected the name of a label, or SOURCE=TARGET'))
      .max(20)
      .default([]),
  })
  .transform((rule): InhibitRule => rule);

const fileSchema = z.strictObject({
  receivers: z
    .array(z.strictObject({ name: z.string().min(1).max(64), channels: z.array(channelSchema).max(20).default([]) }))
    .default([]),
  route: routeSchema.optional(),
  inhibitRules: z.array(inhibitRule).max(100).default([]),
  timeIntervals: z.array(timeIntervalSchema).max(100).default([]),
});

/** Who is told of what, as a file says. */
export interface NotifySettings {
  readonly receivers: readonly { readonly name: string; readonly channels: readonly ChannelSpec[] }[];
  readonly route: RouteSpec | undefined;
  readonly inhibitRules: readonly InhibitRule[];
  readonly timeIntervals: readonly TimeInterval[];
}

export const NO_NOTIFY_SETTINGS: NotifySettings = {
  receivers: [],
  route: undefined,
  inhibitRules: [],
  timeIntervals: [],
};

interface KnownNames {
  readonly receivers: ReadonlySet<string>;
  readonly intervals: ReadonlySet<string>;
}

function timingFaults({ groupIntervalMs, repeatIntervalMs }: RouteSpec, place: string): string[] {
  const faults: string[] = [];
  if (groupIntervalMs !== undefined && groupIntervalMs < 1000)
    faults.push(`${place}.groupInterval: expected at least 1s`);
  if (groupIntervalMs !== undefined && repeatIntervalMs !== undefined && repeatIntervalMs < groupIntervalMs)
    faults.push(`${place}.repeatInterval: is only looked at each groupInterval, so it cannot be shorter`);
  return faults;
}

function routeFaults(route: RouteSpec, known: KnownNames, place = 'route'): string[] {
  const { receiver, muteTimeIntervals = [], activeTimeIntervals = [], routes = [] } = route;
  const missing = [...muteTimeIntervals, ...activeTimeIntervals].filter((name) => !known.intervals.has(name));
  return [
    ...(receiver === undefined || known.receivers.has(receiver)
      ? []
      : [`${place}.receiver: there is no receiver ${receiver}`]),
    ...missing.map((name) => `${place}: there is no time interval ${name}`),
    ...timingFaults(route, place),
    ...routes.flatMap((child, index) => routeFaults(child, known, `${place}.routes[${index}]`)),
  ];
}

/** Reads receivers, routes, inhibition and mute windows. @throws {ConfigError} with every fault */
export function parseNotifyFile(text: string, path: string): NotifySettings {
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: false });
  if (document.errors.length > 0) throw new ConfigError(document.errors.map(({ message }) => `${path}: ${message}`));
  const values: unknown = valuesOf(document, path) ?? {};
  const result = fileSchema.safeParse(values);
  if (!result.success) throw new ConfigError(faultsOf(result.error, {}).map((fault) => `${path}: ${fault}`));
  const { receivers, inhibitRules, timeIntervals } = result.data;
  const route = result.data.route === undefined ? undefined : routeOf(result.data.route);
  const known = {
    receivers: new Set(receivers.map(({ name }) => name)),
    intervals: new Set(timeIntervals.map(({ name }) => name)),
  };
  const faults = route === undefined ? [] : routeFaults(route, known);
  if (faults.length > 0) throw new ConfigError(faults.map((fault) => `${path}: ${fault}`));
  return { receivers, route, inhibitRules, timeIntervals };
}

/** Reads the file of `--notify`. @throws {ConfigError} */
export function readNotifyFile(path: string): NotifySettings {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError([`notify: cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}`]);
  }
  return parseNotifyFile(text, path);
}
