import { readFileSync } from 'node:fs';
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { ConfigError, durationMs } from '../../native/host/config.ts';
import {
  ALERT_METRICS,
  ALERT_OPERATORS,
  RESERVED_LABELS,
  SEVERITIES,
  type AlertMetric,
  type AlertRule,
} from '../model/alert-rule.ts';
import { templateFaults } from '../model/template.ts';

const NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
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

/** The threshold in the metric's unit, or the sentence that tells what was expected. */
function thresholdOf(text: string | number, metric: AlertMetric): number | string {
  const match = /^(-?\d+(?:\.\d+)?) ?([A-Za-z]+|%)?$/.exec(String(text));
  const amount = Number(match?.[1]);
  const unit = match?.[2];
  if (match === null || Number.isNaN(amount))
    return 'expected a number, a percentage such as 80%, or bytes such as 512MiB';
  if (unit === undefined) return amount;
  if (unit === '%') return metric.endsWith('Ratio') ? amount / 100 : `${metric} is no ratio, so % means nothing`;
  const bytes = BYTE_UNITS[unit];
  if (bytes === undefined) return `unknown unit "${unit}": expected %, B, kB, MB, GB, TB, KiB, MiB, GiB or TiB`;
  return metric.endsWith('Bytes') ? amount * bytes : `${metric} is not in bytes`;
}

const glob = z.string().min(1).max(256);
const template = z
  .string()
  .max(1024)
  .superRefine((text, context) => {
    for (const message of templateFaults(text)) context.addIssue({ code: 'custom', message });
  });
const ruleLabels = z.record(
  z
    .string()
    .regex(NAME, NAME_MESSAGE)
    .refine((name) => !(RESERVED_LABELS as readonly string[]).includes(name), 'is set by weft itself'),
  z
    .string()
    .max(256)
    .refine((text) => !text.includes('{{'), 'a label is fixed: a value that changes would make a new alert each time'),
);

const ruleSchema = z
  .strictObject({
    name: z.string().max(128).regex(NAME, NAME_MESSAGE),
    metric: z.enum(ALERT_METRICS),
    op: z.enum(ALERT_OPERATORS),
    threshold: z.union([z.number(), z.string()], { error: 'expected a number, 80% or 512MiB' }),
    for: durationMs.default(0),
    keepFiringFor: durationMs.default(0),
    severity: z.enum(SEVERITIES).default('warning'),
    labels: ruleLabels.default({}),
    annotations: z.record(z.string().regex(NAME, NAME_MESSAGE), template).default({}),
    match: z.strictObject({ host: glob.optional(), container: glob.optional(), image: glob.optional() }).default({}),
  })
  .transform((rule, context): AlertRule => {
    const threshold = thresholdOf(rule.threshold, rule.metric);
    if (typeof threshold === 'string') {
      context.addIssue({ code: 'custom', path: ['threshold'], message: threshold });
      return z.NEVER;
    }
    const { for: forMs, keepFiringFor: keepFiringForMs, match, ...rest } = rule;
    return { ...rest, threshold, forMs, keepFiringForMs, match };
  });

const fileSchema = z.strictObject({ rules: z.array(ruleSchema).max(200) });

function placeOf(path: readonly PropertyKey[]): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '');
}

/** The line of the nearest thing that exists on the way to `path`. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth >= 0; depth -= 1) {
    const node = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function duplicateNames(rules: readonly AlertRule[]): { readonly index: number; readonly name: string }[] {
  return rules.flatMap(({ name }, index) =>
    rules.findIndex((other) => other.name === name) < index ? [{ index, name }] : [],
  );
}

/** Reads rules from YAML text; `path` is for the faults. @throws {ConfigError} with every fault and its line. */
export function parseRules(text: string, path: string): readonly AlertRule[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const broken = document.errors.map(({ pos, message }) => `${path}:${lines.linePos(pos[0]).line}: ${message}`);
  if (broken.length > 0) throw new ConfigError(broken);
  const result = fileSchema.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (!result.success) {
    throw new ConfigError(
      result.error.issues.flatMap((issue) => {
        const keys = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
        const message = issue.code === 'unrecognized_keys' ? 'unknown setting' : issue.message;
        return keys.map((at) => {
          const place = at.length === 0 ? 'the file' : placeOf(at);
          return `${path}:${lineOf(document, lines, at)}: ${place}: ${message}`;
        });
      }),
    );
  }
  const twice = duplicateNames(result.data.rules).map(({ index, name }) => {
    const line = lineOf(document, lines, ['rules', index, 'name']);
    return `${path}:${line}: rules[${index}].name: another rule is called ${name} already`;
  });
  if (twice.length > 0) throw new ConfigError(twice);
  return result.data.rules;
}

/** Reads a rules file. @throws {ConfigError} */
export function readRules(path: string): readonly AlertRule[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError([`rules: cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}`]);
  }
  return parseRules(text, path);
}
