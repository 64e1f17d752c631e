import { goField } from '../wire.ts';

/** The configuration cannot be used; the message is flannel's own where flannel has one. */
export class NetworkConfigError extends Error {
  override readonly name = 'NetworkConfigError';
}

/** A JSON object of which nothing is known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a JSON value is an object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Longer than anything that is meant: the rest of a text says no more in a sentence. */
const SHOWN_CHARACTERS = 100;

/** A text as long as a sentence can bear. */
export function shortened(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

function shown(value: unknown): string {
  try {
    return shortened(JSON.stringify(value));
  } catch {
    return 'what is nested too deeply'; // JSON can be read that is too deep to be written
  }
}

/** The sentence for a value of the wrong kind: its name, what was expected, the value. */
export function fault(name: string, expected: string, value: unknown): NetworkConfigError {
  return new NetworkConfigError(`${name}: expected ${expected}, got ${shown(value)}`);
}

/** In Go, null leaves a plain field as it was, also as another spelling of its name has set it. */
export function plainField(object: JsonObject, name: string): unknown {
  const set = Object.entries(object).filter(([, value]) => value !== null);
  return goField(Object.fromEntries(set), name);
}

/** `fallback` when absent. @throws {NetworkConfigError} */
export function boolean(object: JsonObject, name: string, fallback: boolean): boolean {
  const value = plainField(object, name) ?? fallback;
  if (typeof value !== 'boolean') throw fault(name, 'true or false', value);
  return value;
}

/** A Go uint; `fallback` when absent. @throws {NetworkConfigError} for a string, too, as Go does. */
export function unsigned(object: JsonObject, name: string, fallback: number): number {
  const value = plainField(object, name) ?? fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) throw fault(name, 'a whole number', value);
  return value;
}

/** {@link unsigned} with an upper bound. @throws {NetworkConfigError} */
export function bounded(object: JsonObject, name: string, bounds: { fallback: number; maximum: number }): number {
  const value = unsigned(object, name, bounds.fallback);
  if (value > bounds.maximum) throw fault(name, `a number from 0 to ${bounds.maximum}`, value);
  return value;
}

/** An address or network; `undefined` when absent. They are no plain fields in flannel: null is an error. @throws {NetworkConfigError} */
export function parsed<T>(object: JsonObject, name: string, parse: (text: string) => T): T | undefined {
  const value = goField(object, name);
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw fault(name, 'a string', value);
  try {
    return parse(shortened(value)); // nothing that is as long can be read, and it is quoted
  } catch (cause) {
    throw new NetworkConfigError(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
