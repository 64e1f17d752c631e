import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { writeFileAtomic } from '../../native/host/atomic-file.ts';
import { FatalError } from '../../native/host/lifecycle.ts';
import {
  parseWireguardKey,
  wireguardKeyFromBytes,
  wireguardKeyToBytes,
  type WireguardKey,
} from '../../native/net/wireguard-key.ts';
import { readIfPresent } from './state.ts';

/** Where flanneld keeps its key when WIREGUARD_KEY_FILE does not say. */
export const FLANNELD_KEY_FILE = '/run/flannel/wgkey';

/** What stands before the 32 bytes of an X25519 key in PKCS #8 (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** Clamped as RFC 7748 §5 has it, which is what `wg genkey` prints and the kernel gives back. */
function newPrivateKey(): WireguardKey {
  const bytes = randomBytes(32);
  bytes.writeUInt8(bytes.readUInt8(0) & 248, 0);
  bytes.writeUInt8((bytes.readUInt8(31) & 127) | 64, 31);
  return wireguardKeyFromBytes(bytes);
}

/** The public key of a private one: X25519 (RFC 7748). */
export function wireguardPublicKey(privateKey: WireguardKey): WireguardKey {
  const der = Buffer.concat([PKCS8_PREFIX, wireguardKeyToBytes(privateKey)]);
  const key = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  return wireguardKeyFromBytes(key.export({ type: 'spki', format: 'der' }).subarray(-32));
}

/** The key in a file; `undefined` without the file. @throws {FatalError} if it holds something else; {HostFileError}. */
async function keyIn(path: string): Promise<WireguardKey | undefined> {
  const text = await readIfPresent(path);
  if (text === undefined) return undefined;
  try {
    return parseWireguardKey(text.trim());
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FatalError(`${path}: ${why}; remove the file to have a new key made`, { cause });
  }
}

/**
 * The private key of the run before, else the one that a flanneld left, else a new one; kept (0600) before anybody is told.
 * @throws {FatalError} if the file holds no key; {HostFileError}.
 */
export async function readOrCreateWireguardKey(path: string): Promise<WireguardKey> {
  const known = await keyIn(path);
  if (known !== undefined) return known;
  const key = (await keyIn(FLANNELD_KEY_FILE).catch(() => undefined)) ?? newPrivateKey();
  await writeFileAtomic(path, `${key}\n`, 0o600);
  return key;
}
