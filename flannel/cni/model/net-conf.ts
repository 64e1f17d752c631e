import { CNI_CODES, CniError } from './cni-error.ts';
import { isIdentifier, type CniCommand } from './request.ts';
import { checkVersion } from './version.ts';

/** A JSON object whose values nobody has looked at yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The configuration of a network, as the runtime hands it on. `undefined` where a field is absent or null. */
export interface NetConf {
  readonly name: string;
  /** `undefined` counts as 0.1.0, and is not handed on. */
  readonly cniVersion: string | undefined;
  readonly subnetFile: string;
  readonly dataDir: string;
  readonly delegate: JsonObject | undefined;
  readonly ipam: JsonObject | undefined;
  readonly runtimeConfig: JsonObject | undefined;
  readonly prevResult: JsonObject | undefined;
  /** The containers that the runtime still knows, for GC. */
  readonly validAttachments: readonly unknown[] | undefined;
}

/** @throws {CniError} code 7 with the sentence */
export function invalidConfig(sentence: string): CniError {
  return new CniError(CNI_CODES.invalidConfig, sentence);
}

const shown = (value: unknown): string => JSON.stringify(value).slice(0, 120);

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Fields by name, as Go finds them: exactly, else without regard to case; null is absent. */
class Fields {
  readonly #object: JsonObject;

  constructor(object: JsonObject) {
    this.#object = object;
  }

  any(name: string): unknown {
    const wanted = name.toLowerCase();
    const found = Object.hasOwn(this.#object, name)
      ? name
      : Object.keys(this.#object).find((each) => each.toLowerCase() === wanted);
    return found === undefined ? undefined : (this.#object[found] ?? undefined);
  }

  text(name: string): string | undefined {
    const value = this.any(name);
    if (value === undefined || typeof value === 'string') return value;
    throw invalidConfig(`${name}: expected a text, got ${shown(value)}`);
  }

  path(name: string, usual: string): string {
    const value = this.text(name) ?? usual;
    if (!value.startsWith('/')) throw invalidConfig(`${name}: expected a path from the root, got ${shown(value)}`);
    return value;
  }

  object(name: string): JsonObject | undefined {
    const value = this.any(name);
    if (value === undefined || isObject(value)) return value;
    throw invalidConfig(`${name}: expected an object, got ${shown(value)}`);
  }

  list(name: string): readonly unknown[] | undefined {
    const value = this.any(name);
    if (value === undefined || Array.isArray(value)) return value;
    throw invalidConfig(`${name}: expected a list, got ${shown(value)}`);
  }
}

function parseObject(text: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CniError(CNI_CODES.decoding, `the network configuration on stdin is not JSON: ${reason}`, cause);
  }
  if (isObject(parsed)) return parsed;
  throw new CniError(CNI_CODES.decoding, `the network configuration on stdin is no JSON object: ${shown(parsed)}`);
}

/** Reads stdin; versions and name first, as CNI's own library does. @throws {CniError} codes 1, 6, 7 */
export function parseNetConf(command: CniCommand, text: string): NetConf {
  const fields = new Fields(parseObject(text));
  const given = fields.text('cniVersion') ?? '';
  const cniVersion = given === '' ? undefined : given;
  checkVersion(command, cniVersion ?? '0.1.0');
  const name = fields.text('name') ?? '';
  if (!isIdentifier(name)) {
    throw invalidConfig(`name: expected letters, digits, _ . - and no other first, got ${shown(name)}`);
  }
  return {
    name,
    cniVersion,
    subnetFile: fields.path('subnetFile', '/run/flannel/subnet.env'),
    dataDir: fields.path('dataDir', '/var/lib/cni/flannel'),
    delegate: fields.object('delegate'),
    ipam: fields.object('ipam'),
    runtimeConfig: fields.object('runtimeConfig'),
    prevResult: fields.object('prevResult'),
    validAttachments: fields.list('cni.dev/valid-attachments') ?? fields.list('cni.dev/attachments'),
  };
}
