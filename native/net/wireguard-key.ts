/** A WireGuard key, public, private or preshared: 32 bytes in base64, as `wg` prints it. */
export type WireguardKey = string & { readonly __brand: 'WireguardKey' };

export const WIREGUARD_KEY_BYTES = 32;

/** The 43rd character carries four bits: its two lowest are zero. */
const CANONICAL = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** Reads base64 as `wg` does. @throws {RangeError} which does not repeat the text, as that may be a secret. */
export function parseWireguardKey(text: string): WireguardKey {
  if (CANONICAL.test(text)) return text as WireguardKey;
  throw new RangeError(
    `a text of ${text.length} characters is not a WireGuard key: expected 32 bytes in base64, which are 44 characters with = at the end`,
  );
}

/** @throws {RangeError} unless there are exactly 32 bytes. */
export function wireguardKeyFromBytes(bytes: Uint8Array): WireguardKey {
  if (bytes.length !== WIREGUARD_KEY_BYTES) {
    throw new RangeError(`a WireGuard key has ${WIREGUARD_KEY_BYTES} bytes, not ${bytes.length}`);
  }
  return btoa(String.fromCharCode(...bytes)) as WireguardKey;
}

/** The 32 bytes, as netlink carries them. */
export function wireguardKeyToBytes(key: WireguardKey): Uint8Array {
  return Uint8Array.from(atob(key), (character) => character.charCodeAt(0));
}

/** 32 zero bytes: "no key" to the kernel. */
export const NO_WIREGUARD_KEY: WireguardKey = wireguardKeyFromBytes(new Uint8Array(WIREGUARD_KEY_BYTES));
