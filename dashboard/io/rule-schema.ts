import { z } from 'zod';
import { durationMs } from '../../native/host/config.ts';
import { parseMatchers, LABEL_NAME, type Matcher } from '../model/alert/matcher.ts';
import { ALERT_METRICS, isMetric, metricInfo, type AlertMetric, type Unit } from '../model/alert/metric.ts';
import {
  ALERT_OPERATORS,
  DEFAULT_LIMIT,
  holds,
  NO_DATA_POLICIES,
  RESERVED_LABELS,
  SEVERITIES,
  type AlertOperator,
  type AlertRule,
  type Level,
  type Query,
} from '../model/alert/rule.ts';
import { labelFaults, templateFaults } from '../model/alert/template.ts';
import { AGGREGATIONS, MAX_WINDOW_MS } from '../model/alert/window.ts';

const NAME_MESSAGE = 'expected a name of letters, digits and _, not starting with a digit';

const BYTE_UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
const TIME_UNITS: Readonly<Record<string, number>> = { ms: 1e-3, s: 1, m: 60, h: 3600, d: 86_400 };

/** The unit of what a query gives; a rate of bytes is still told in bytes. */
function unitOf({ metric, agg }: Pick<Query, 'metric' | 'agg'>): Unit {
  if (agg === 'zeroIn') return 'seconds';
  const { unit } = metricInfo(metric);
  return unit === 'seconds' && agg === 'rate' ? 'ratio' : unit;
}

/** A threshold in the unit of its query, or the sentence that tells what was expected. */
function amountOf(text: string | number, query: Pick<Query, 'metric' | 'agg'>): number | string {
  const match = /^(-?\d+(?:\.\d+)?) ?([A-Za-z]+|%)?$/.exec(String(text));
  const amount = Number(match?.[1]);
  if (match === null || Number.isNaN(amount))
    return 'expected a number, a percentage such as 80%, or bytes such as 512MiB';
  return match[2] === undefined ? amount : inUnit(amount, match[2], query);
}

function inUnit(amount: number, suffix: string, query: Pick<Query, 'metric' | 'agg'>): number | string {
  const unit = unitOf(query);
  const { metric } = query;
  if (suffix === '%') return unit === 'ratio' ? amount / 100 : `${metric} is no ratio, so % means nothing`;
  if (unit === 'seconds') {
    const seconds = TIME_UNITS[suffix];
    return seconds === undefined ? `unknown unit "${suffix}": expected s, m, h or d` : amount * seconds;
  }
  const bytes = BYTE_UNITS[suffix];
  if (bytes === undefined) return `unknown unit "${suffix}": expected %, B, kB, MB, GB, TB, KiB, MiB, GiB or TiB`;
  return unit === 'bytes' || unit === 'bytesPerSecond' ? amount * bytes : `${metric} is not in bytes`;
}

const glob = z.string().min(1).max(256);
const templateOf = (most: number, faultsIn: (text: string) => readonly string[]) =>
  z
    .string()
    .max(most)
    .superRefine((text, context) => {
      for (const message of faultsIn(text)) context.addIssue({ code: 'custom', message });
    });
const template = templateOf(1024, templateFaults);
const ruleLabels = z.record(
  z
    .string()
    .regex(LABEL_NAME, NAME_MESSAGE)
    .refine((name) => !(RESERVED_LABELS as readonly string[]).includes(name), 'is set by weft itself'),
  templateOf(256, labelFaults),
);

/** `host="h1"`, or several in braces. */
const matcherText = z
  .string()
  .max(1024)
  .transform((text, context): readonly Matcher[] => {
    try {
      return parseMatchers(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
      return z.NEVER;
    }
  });

const metric = z.string().transform((name, context): AlertMetric => {
  if (isMetric(name)) return name;
  context.addIssue({ code: 'custom', message: `expected one of ${ALERT_METRICS.join(', ')}` });
  return z.NEVER;
});
const amount = z.union([z.number(), z.string()], { error: 'expected a number, 80% or 512MiB' });
const query = { metric, agg: z.enum(AGGREGATIONS).default('last'), window: durationMs.default(0) };
const op = z.enum(ALERT_OPERATORS);

const levelSchema = z.strictObject({ severity: z.enum(SEVERITIES), threshold: amount, recovery: amount.optional() });
const conditionSchema = z.strictObject({ ...query, op, threshold: amount });

/** A rule as people write it, in a file or through the API. */
const rawRuleSchema = z.strictObject({
  id: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[\w.-]+$/, 'expected letters, digits, _, . and -')
    .optional(),
  name: z.string().max(128).regex(LABEL_NAME, NAME_MESSAGE),
  group: z.string().min(1).max(64).default('default'),
  enabled: z.boolean().default(true),
  ...query,
  op,
  threshold: amount.optional(),
  recovery: amount.optional(),
  severity: z.enum(SEVERITIES).default('warning'),
  levels: z.array(levelSchema).min(1).max(3).optional(),
  and: z.array(conditionSchema).max(5).default([]),
  for: durationMs.default(0),
  keepFiringFor: durationMs.default(0),
  noData: z.enum(NO_DATA_POLICIES).default('keep'),
  labels: ruleLabels.default({}),
  annotations: z.record(z.string().regex(LABEL_NAME, NAME_MESSAGE), template).default({}),
  match: z.strictObject({ host: glob.optional(), container: glob.optional(), image: glob.optional() }).default({}),
  scope: z.array(matcherText).max(20).default([]),
  limit: z.number().int().min(1).max(5000).default(DEFAULT_LIMIT),
});

type RawRule = z.infer<typeof rawRuleSchema>;

interface Fault {
  readonly path: PropertyKey[];
  readonly message: string;
}

/** Collects what is wrong with one rule beyond the shape of its fields. */
class RuleReader {
  readonly faults: Fault[] = [];
  readonly #raw: RawRule;

  constructor(raw: RawRule) {
    this.#raw = raw;
  }

  read(): AlertRule | undefined {
    const { for: forMs, keepFiringFor, scope, match, ...rest } = this.#raw;
    const { name, group, enabled, noData, labels, annotations, limit } = rest;
    const levels = this.#levels();
    const main = this.#query(this.#raw, []);
    const and = rest.and.map((each, index) => ({
      query: this.#query(each, ['and', index]),
      op: each.op,
      threshold: this.#amount(each.threshold, each, ['and', index, 'threshold']),
    }));
    const [first, ...more] = levels;
    if (this.faults.length > 0 || first === undefined) return undefined;
    return {
      id: rest.id ?? name,
      name,
      group,
      origin: { kind: 'api' },
      enabled,
      scope: scope.flat(),
      match,
      query: main,
      op: rest.op,
      levels: [first, ...more],
      and,
      forMs,
      keepFiringForMs: keepFiringFor,
      noData,
      labels,
      annotations,
      limit,
    };
  }

  #fault(path: PropertyKey[], message: string): void {
    this.faults.push({ path, message });
  }

  #amount(text: string | number, of: Pick<Query, 'metric' | 'agg'>, path: PropertyKey[]): number {
    const value = amountOf(text, of);
    if (typeof value === 'number') return value;
    this.#fault(path, value);
    return Number.NaN;
  }

  #query(raw: { metric: AlertMetric; agg: Query['agg']; window: number }, path: PropertyKey[]): Query {
    const { counter, subject } = metricInfo(raw.metric);
    const counts = raw.agg === 'rate' || raw.agg === 'increase';
    if (counter === true && !counts)
      this.#fault([...path, 'agg'], `${raw.metric} only counts up: use agg: rate or agg: increase`);
    if (counter !== true && counts)
      this.#fault([...path, 'agg'], `${raw.metric} is no counter: use avg, max, min, p95 or last`);
    if (raw.agg === 'last' ? raw.window !== 0 : raw.window < 1000 || raw.window > MAX_WINDOW_MS)
      this.#fault(
        [...path, 'window'],
        raw.agg === 'last'
          ? 'is of no use without agg'
          : `${raw.agg} needs a window from 1s to ${MAX_WINDOW_MS / 3_600_000}h`,
      );
    if (path.length > 0 && subject !== metricInfo(this.#raw.metric).subject)
      this.#fault([...path, 'metric'], `${raw.metric} is not about the same things as ${this.#raw.metric}`);
    return { metric: raw.metric, agg: raw.agg, windowMs: raw.window };
  }

  #levels(): Level[] {
    const { levels, threshold, recovery, severity } = this.#raw;
    if (levels === undefined) {
      if (threshold !== undefined) return [this.#level({ severity, threshold, recovery }, [])];
      this.#fault(['threshold'], 'expected a number, a percentage such as 80%, or bytes such as 512MiB');
      return [];
    }
    if (threshold !== undefined || recovery !== undefined) this.#fault(['threshold'], 'stands in levels, or alone');
    const read = levels.map((level, index) => this.#level(level, ['levels', index]));
    this.#order(read);
    return read;
  }

  #level(raw: z.infer<typeof levelSchema>, path: PropertyKey[]): Level {
    const threshold = this.#amount(raw.threshold, this.#raw, [...path, 'threshold']);
    const recovery =
      raw.recovery === undefined ? threshold : this.#amount(raw.recovery, this.#raw, [...path, 'recovery']);
    if (Number.isFinite(threshold) && recovery !== threshold && !isMilder(this.#raw.op, recovery, threshold))
      this.#fault([...path, 'recovery'], `${raw.recovery ?? ''} is not on the good side of the threshold`);
    return { severity: raw.severity, threshold, recovery };
  }

  /** Levels stand from mild to severe, in severity and in threshold. */
  #order(levels: readonly Level[]): void {
    levels.slice(1).forEach((level, index) => {
      const milder = levels[index];
      if (milder === undefined) return;
      const worse = SEVERITIES.indexOf(level.severity) > SEVERITIES.indexOf(milder.severity);
      if (!worse || !isMilder(this.#raw.op, milder.threshold, level.threshold))
        this.#fault(['levels', index + 1], 'expected levels from mild to severe, each with a threshold further out');
    });
  }
}

/** Whether a value is passed before another one when things get worse. */
function isMilder(operator: AlertOperator, value: number, than: number): boolean {
  if (operator === '==' || operator === '!=' || !Number.isFinite(value) || !Number.isFinite(than)) return false;
  return value !== than && holds(operator, than, value) === true;
}

/** Reads one rule; every fault is told with its place. */
export const ruleSchema = rawRuleSchema.transform((raw, context): AlertRule => {
  const reader = new RuleReader(raw);
  const rule = reader.read();
  for (const { path, message } of reader.faults) context.addIssue({ code: 'custom', path, message });
  return rule ?? z.NEVER;
});
