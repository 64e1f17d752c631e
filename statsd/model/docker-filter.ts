import { DockerError } from './docker-request.ts';

/** Values by filter name; several values of one name are alternatives, several names all hold. */
export type DockerFilters = ReadonlyMap<string, readonly string[]>;

const MAX_FILTER_TEXT = 4096;
const MAX_VALUES = 100;

/** Docker writes `{"label":{"a":true}}`, old clients `{"label":["a"]}`. What is set to false counts as well, as in docker. */
function valuesOf(found: unknown): string[] | undefined {
  if (Array.isArray(found)) return found.every((value) => typeof value === 'string') ? found : undefined;
  if (typeof found !== 'object' || found === null) return undefined;
  return Object.values(found).every((value) => typeof value === 'boolean') ? Object.keys(found) : undefined;
}

/** What the text holds; `null`, as docker has it, is no filter. */
function entriesOf(text: string): [name: string, values: readonly string[]][] | undefined {
  if (text.length > MAX_FILTER_TEXT) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (parsed === null) return [];
  if (typeof parsed !== 'object' || Array.isArray(parsed)) return undefined;
  const entries = Object.entries(parsed).map(([name, found]) => [name, valuesOf(found)] as const);
  const isKnown = (entry: readonly [string, string[] | undefined]): entry is [string, string[]] =>
    entry[1] !== undefined && entry[1].length <= MAX_VALUES;
  return entries.every(isKnown) ? entries : undefined;
}

/**
 * Reads the `filters` of a query. Without `allowed` any name is.
 * @throws {DockerError} 400 for what is not JSON, and for a name that is not allowed.
 */
export function parseFilters(text: string | null, allowed?: ReadonlySet<string>): DockerFilters {
  const entries = text === null || text === '' ? [] : entriesOf(text);
  if (entries === undefined)
    throw new DockerError(
      400,
      `invalid filters ${JSON.stringify(text?.slice(0, 120))}: expected a JSON object of lists`,
    );
  const wrong = entries.find(([name]) => allowed?.has(name) === false);
  if (wrong !== undefined) throw new DockerError(400, `invalid filter '${wrong[0].slice(0, 80)}'`);
  return new Map(entries);
}

/** A value that a filter cannot have, in docker's words. */
export const invalidValue = (name: string, value: string, expected?: string): DockerError =>
  new DockerError(
    400,
    `invalid filter '${name}=${value.slice(0, 80)}'${expected === undefined ? '' : `: expected ${expected}`}`,
  );

/** `key` or `key=value`. */
export function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const [key = '', value] = wanted.split(/=(.*)/s, 2);
  return Object.hasOwn(labels, key) && (value === undefined || labels[key] === value);
}

/** Without the tag: `shop/web:1` is `shop/web`. */
export const withoutTag = (image: string): string => image.replace(/:[^:/]*$/, '');
