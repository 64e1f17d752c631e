/** An IPv4 address as an unsigned 32-bit integer in host order: `10.5.0.1` is `0x0a050001`. */
export type Ipv4 = number & { readonly __brand: 'Ipv4' };

const OCTET = /^(?:0|[1-9]\d{0,2})$/;

/** Reads dotted decimal. @throws {RangeError} naming the text; leading zeros are refused as Go's net package does. */
export function parseIpv4(text: string): Ipv4 {
  const parts = text.split('.');
  let value = 0;
  for (const part of parts) {
    if (parts.length !== 4 || !OCTET.test(part) || Number(part) > 255) {
      throw new RangeError(`"${text}" is not an IPv4 address: expected four numbers 0-255, such as 10.5.0.1`);
    }
    value = value * 256 + Number(part);
  }
  return value as Ipv4;
}

/** Dotted decimal. */
export function formatIpv4(address: Ipv4): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** The address `offset` places further on; wraps nowhere. @throws {RangeError} past either end of the address space. */
export function addIpv4(address: Ipv4, offset: number): Ipv4 {
  const sum = address + offset;
  if (sum < 0 || sum > 0xffffffff) throw new RangeError(`${formatIpv4(address)} + ${offset} is not an IPv4 address`);
  return sum as Ipv4;
}

/** The four bytes in network order, as netlink and the wire carry them. */
export function ipv4ToBytes(address: Ipv4): Uint8Array {
  return Uint8Array.of(address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255);
}

/** @throws {RangeError} unless there are exactly four bytes. */
export function ipv4FromBytes(bytes: Uint8Array): Ipv4 {
  const [a, b, c, d] = bytes;
  if (bytes.length !== 4 || a === undefined || b === undefined || c === undefined || d === undefined) {
    throw new RangeError(`an IPv4 address has 4 bytes, not ${bytes.length}`);
  }
  return (a * 0x1000000 + b * 0x10000 + c * 0x100 + d) as Ipv4;
}
