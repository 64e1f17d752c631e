/** A 48-bit MAC address in lower-case colon form, such as `66:67:05:52:a6:9e`. */
export type MacAddress = string & { readonly __brand: 'MacAddress' };

const COLON = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/;
const DASH = /^[0-9a-f]{2}(?:-[0-9a-f]{2}){5}$/;
const DOT = /^[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}$/;

/** Reads the colon, dash and dot forms that Go's ParseMAC reads. @throws {RangeError} naming the text. */
export function parseMac(text: string): MacAddress {
  const lower = text.toLowerCase();
  if (COLON.test(lower)) return lower as MacAddress;
  if (DASH.test(lower)) return lower.replaceAll('-', ':') as MacAddress;
  if (DOT.test(lower)) return (lower.replaceAll('.', '').match(/../g) ?? []).join(':') as MacAddress;
  throw new RangeError(`"${text}" is not a MAC address: expected six hex pairs, such as 66:67:05:52:a6:9e`);
}

const NO_MAC = '00:00:00:00:00:00';

/** Whether a single device can have it: not the zero address, not multicast, of which broadcast is one. */
export function isUnicastMac(mac: MacAddress): boolean {
  return mac !== NO_MAC && (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0;
}

/** `00` to `ff`, made once: a dump formats a MAC for each of 10,000 entries. */
const PAIRS: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** @throws {RangeError} unless there are exactly six bytes. */
export function macFromBytes(bytes: Uint8Array): MacAddress {
  if (bytes.length !== 6) throw new RangeError(`a MAC address has 6 bytes, not ${bytes.length}`);
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = bytes;
  return `${pair(a)}:${pair(b)}:${pair(c)}:${pair(d)}:${pair(e)}:${pair(f)}` as MacAddress;
}

function pair(byte: number): string {
  return PAIRS[byte] ?? '';
}

/** The six bytes in wire order. */
export function macToBytes(mac: MacAddress): Uint8Array {
  const bytes = new Uint8Array(6);
  for (let i = 0; i < 6; i++) bytes[i] = Number.parseInt(mac.slice(3 * i, 3 * i + 2), 16);
  return bytes;
}

/** Makes six random bytes a locally administered unicast address, as flannel does for a new VTEP. @throws {RangeError} unless six bytes. */
export function locallyAdministeredMac(randomBytes: Uint8Array): MacAddress {
  const bytes = Uint8Array.from(randomBytes);
  bytes[0] = ((bytes[0] ?? 0) & 0xfe) | 0x02;
  return macFromBytes(bytes);
}
