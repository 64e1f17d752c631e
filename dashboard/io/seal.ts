import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { chmodSync, closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { HostFileError } from '../../native/host/atomic-file.ts';
import { FatalError } from '../../native/host/lifecycle.ts';

/** NIST SP 800-38D: a key of 256 bits, a nonce of 96 that is new each time, a tag of 128. */
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts what must not be readable in the dashboard's files. Invariant: a text opens under the key and the place it was sealed for only. */
export class Seal {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    if (key.length !== KEY_BYTES) throw new RangeError(`a key of ${key.length} bytes: expected ${KEY_BYTES}`);
    this.#key = key;
  }

  /** Tells keys apart without telling anything of them. */
  get keyName(): string {
    return createHash('sha256').update('weft channel key').update(this.#key).digest('hex').slice(0, 12);
  }

  /** `v1.<key's name>.<nonce, tag and text in base64url>`. `place` is what it belongs to: elsewhere it does not open. */
  close(text: string, place: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(place));
    const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return `v1.${this.keyName}.${Buffer.concat([nonce, cipher.getAuthTag(), data]).toString('base64url')}`;
  }

  /** The text; `undefined` when it was sealed with another key, for another place, or was changed. */
  open(sealed: string, place: string): string | undefined {
    const [version, , encoded = ''] = sealed.split('.');
    const bytes = Buffer.from(encoded, 'base64url');
    if (version !== 'v1' || bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const tag = bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
    const decipher = createDecipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(place)).setAuthTag(tag);
    try {
      const data = bytes.subarray(NONCE_BYTES + TAG_BYTES);
      return Buffer.concat([decipher.update(data), decipher.final()]).toString('utf8');
    } catch {
      return undefined;
    }
  }
}

function readKey(path: string): Buffer | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new HostFileError('read', path, cause);
  }
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length === KEY_BYTES) return key;
  throw new FatalError(
    `the key in ${path} is not usable: expected ${KEY_BYTES} bytes in base64; put it back from a backup, or remove the file: channels then ask for their secrets again`,
  );
}

function syncPath(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Whole or not at all, and never over one that is there: a key that was replaced is lost, and all that it sealed with it. */
function writeKey(path: string, key: Buffer): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(temporary, `${key.toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
    syncPath(temporary);
    linkSync(temporary, path);
    syncPath(dirname(path));
  } catch (cause) {
    throw new HostFileError('write', path, cause);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** The key in a file, made (0600) when there is none. The caller owns the folder alone. @throws {FatalError | HostFileError} */
export function openSeal(path: string): Seal {
  const known = readKey(path);
  if (known !== undefined) {
    chmodSync(path, 0o600);
    return new Seal(known);
  }
  const made = randomBytes(KEY_BYTES);
  writeKey(path, made);
  return new Seal(made);
}
