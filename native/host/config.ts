import { readFileSync } from 'node:fs';
import { LineCounter, parse as parseYaml, YAMLParseError } from 'yaml';
import { z } from 'zod';

/** The settings are wrong; `faults` holds one sentence for each, all found at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.faults = faults;
  }
}

export interface ConfigSources {
  /** From the command line; `undefined` where a flag was not given. Wins over everything. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** Environment prefix, such as `FLANNELD_`: `FLANNELD_ETCD_PREFIX` sets `etcdPrefix`. */
  readonly envPrefix: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A YAML or JSON file with the same names in camelCase or kebab-case. */
  readonly file?: string | undefined;
  /** Older spellings of settings, camelCase, each with the name it has now. */
  readonly aliases?: Readonly<Record<string, string>>;
}

const camelOf = (name: string): string => name.replace(/[-_]([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
const kebabOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function fromEnvironment(sources: ConfigSources, known: ReadonlySet<string>): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [variable, text] of Object.entries(sources.env)) {
    if (!variable.startsWith(sources.envPrefix) || text === undefined) continue;
    const name = camelOf(variable.slice(sources.envPrefix.length).toLowerCase());
    // Foreign variables may share the prefix (Kubernetes injects service addresses), so unknown ones are no fault here.
    if (known.has(name)) values[name] = text;
  }
  return values;
}

function fromFile(path: string): Record<string, unknown> {
  const lineCounter = new LineCounter();
  const options = { uniqueKeys: true, maxAliasCount: 100, prettyErrors: false, lineCounter };
  let parsed: unknown;
  try {
    parsed = parseYaml(readFileSync(path, 'utf8'), options) ?? {};
  } catch (cause) {
    if (cause instanceof YAMLParseError)
      throw new ConfigError([`${path}:${lineCounter.linePos(cause.pos[0]).line}: ${cause.message}`]);
    throw new ConfigError([`${path}: ${cause instanceof Error ? cause.message : String(cause)}`]);
  }
  const record = z.record(z.string(), z.unknown()).safeParse(parsed);
  if (!record.success) throw new ConfigError([`${path}: expected a mapping of settings`]);
  return Object.fromEntries(Object.entries(record.data).map(([name, value]) => [camelOf(name), value]));
}

/** Gives settings the names they have now; one that is given by both names is a fault. */
function renamed(values: Readonly<Record<string, unknown>>, aliases: ConfigSources['aliases'] = {}): typeof values {
  const both = Object.entries(aliases).filter(
    ([old, name]) => Object.hasOwn(values, old) && Object.hasOwn(values, name),
  );
  if (both.length > 0)
    throw new ConfigError(both.map(([old, name]) => `${kebabOf(name)}: given twice, once as ${kebabOf(old)}`));
  const nameOf = (given: string): string => (Object.hasOwn(aliases, given) ? aliases[given] : undefined) ?? given;
  return Object.fromEntries(Object.entries(values).map(([given, value]) => [nameOf(given), value]));
}

function valueAt(values: unknown, path: readonly PropertyKey[]): unknown {
  let current = values;
  for (const step of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<PropertyKey, unknown>)[step];
  }
  return current;
}

/** What zod calls a type, where a schema has no words of its own. */
const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

function sentenceOf(issue: z.core.$ZodIssue): string {
  const word = issue.code === 'invalid_type' ? TYPE_WORDS[issue.expected] : undefined;
  return word !== undefined && issue.message.startsWith('Invalid input') ? `expected ${word}` : issue.message;
}

/** One sentence for each thing a schema found wrong: place, what was expected, the value. */
export function faultsOf(error: z.ZodError, values: unknown): string[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => `${[...issue.path, kebabOf(key)].join('.')}: unknown setting`);
    const place = issue.path.map((step) => (typeof step === 'string' ? kebabOf(step) : String(step))).join('.');
    const value = valueAt(values, issue.path);
    const shown = value === undefined ? '' : `, got ${JSON.stringify(value).slice(0, 120)}`;
    return [`${place === '' ? 'settings' : place}: ${sentenceOf(issue)}${shown}`];
  });
}

/**
 * Merges file, environment and flags (the later wins) and checks them with one strict schema. All faults are told at once;
 * unknown names in the file or among the flags are faults. The result is frozen. @throws {ConfigError}
 */
export function loadConfig<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  sources: ConfigSources,
): Readonly<z.infer<z.ZodObject<Shape>>> {
  const { aliases } = sources;
  const known = new Set([...Object.keys(schema.shape), ...Object.keys(aliases ?? {})]);
  const flags = Object.fromEntries(Object.entries(sources.flags).filter(([, value]) => value !== undefined));
  const file = sources.file === undefined ? {} : fromFile(sources.file);
  const each = [file, fromEnvironment(sources, known), flags].map((source) => renamed(source, aliases));
  const values = Object.fromEntries(each.flatMap((source) => Object.entries(source)));
  const result = schema.strict().safeParse(values);
  if (!result.success) throw new ConfigError(faultsOf(result.error, values));
  return Object.freeze(result.data);
}

/** The environment of the process, for the `main.ts` that hands it on. */
export function processEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, '': 1000 };

/** `500ms`, `30s`, `5m`, `1h`, or plain seconds; gives milliseconds. */
export const durationMs = z.union([z.string(), z.number()]).transform((value, context) => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|)$/.exec(String(value));
  const unit = UNITS[match?.[2] ?? '?'];
  if (match?.[1] === undefined || unit === undefined) {
    context.addIssue({ code: 'custom', message: 'expected a duration such as 500ms, 30s or 5m' });
    return z.NEVER;
  }
  return Number(match[1]) * unit;
});

const TRUE_WORDS = new Set(['1', 't', 'true']);
const FALSE_WORDS = new Set(['0', 'f', 'false']);

/** A boolean from a flag, a file or the environment; the words that Go's ParseBool reads. */
export const looseBoolean = z
  .union([z.boolean(), z.string()], { error: 'expected true or false' })
  .transform((value, context) => {
    if (typeof value === 'boolean') return value;
    const word = value.toLowerCase();
    if (TRUE_WORDS.has(word) || FALSE_WORDS.has(word)) return TRUE_WORDS.has(word);
    context.addIssue({ code: 'custom', message: 'expected true or false' });
    return z.NEVER;
  });

/** An integer within bounds from a flag, a file or the environment. */
export function looseInteger(minimum: number, maximum: number): z.ZodType<number> {
  const message = `expected a whole number from ${minimum} to ${maximum}`;
  return z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^-?\d+$/, message)
          .transform(Number),
      ],
      { error: message },
    )
    .refine((value) => Number.isInteger(value) && value >= minimum && value <= maximum, message);
}

/** A repeatable flag, or a comma list from the environment. */
export const stringList = z.union(
  [
    z.array(z.string()),
    z.string().transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    ),
  ],
  { error: 'expected a text or a list of texts' },
);

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** `127.0.0.1:8080`, `[::1]:8080` or `:8080` (all addresses). Port 0 lets the kernel choose. */
export const listenAddress = z.string().transform((text, context): ListenAddress => {
  const match = /^(?:\[([0-9a-f:]+)\]|([^:]*)):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    context.addIssue({ code: 'custom', message: 'expected ADDRESS:PORT, such as 127.0.0.1:8080' });
    return z.NEVER;
  }
  return { host: match[1] ?? (match[2] === '' || match[2] === undefined ? '::' : match[2]), port };
});

/** What the command line hands to an agent's main function: raw flags in camelCase, environment, and the file of `--config`. */
export interface AgentInput {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly configFile: string | undefined;
}
