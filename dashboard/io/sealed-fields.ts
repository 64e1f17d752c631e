import type { Seal } from './seal.ts';

/** A channel's texts that are secrets, or that hold one: an address to send to often is the only proof that is asked for. */
export const SECRET_CHANNEL_FIELDS: ReadonlySet<string> = new Set([
  'url',
  'secret',
  'previousSecret',
  'password',
  'routingKey',
]);

/** A value as it was read from the disk. */
export interface Unsealed {
  readonly value: unknown;
  /** `none`: nothing was sealed. `lost`: it cannot be opened, and `value` is what stands beside it. */
  readonly seal: 'none' | 'open' | 'lost';
}

const SEALED = 'sealed';

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function split(value: object, takes: (name: string) => boolean): readonly [taken: object, left: object] {
  const entries = Object.entries(value);
  const of = (wanted: boolean): object => Object.fromEntries(entries.filter(([name]) => takes(name) === wanted));
  return [of(true), of(false)];
}

/** What is written down of a value: its secret fields as one sealed text beside the others. */
export function sealFields(value: unknown, seal: Seal, place: string): unknown {
  if (!isObject(value)) return value;
  const [secrets, open] = split(value, (name) => SECRET_CHANNEL_FIELDS.has(name));
  return { ...open, [SEALED]: seal.close(JSON.stringify(secrets), place) };
}

/** The other way round. */
export function unsealFields(stored: unknown, seal: Seal, place: string): Unsealed {
  if (!isObject(stored) || typeof stored[SEALED] !== 'string') return { value: stored, seal: 'none' };
  const [, value] = split(stored, (name) => name === SEALED);
  const text = seal.open(stored[SEALED], place);
  if (text === undefined) return { value, seal: 'lost' };
  const secrets: unknown = JSON.parse(text);
  return { value: { ...value, ...(isObject(secrets) ? secrets : {}) }, seal: 'open' };
}
