import fc from 'fast-check';
import { cidr4, type Cidr4 } from '../../../../native/net/cidr.ts';
import type { Cidr, IpAddress } from '../../../../native/net/ip.ts';
import { ipv4FromBytes, type Ipv4 } from '../../../../native/net/ipv4.ts';
import { cidr6, ipv6FromBytes, type Cidr6, type Ipv6 } from '../../../../native/net/ipv6.ts';
import { macFromBytes, type MacAddress } from '../../../../native/net/mac.ts';

const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });

export const u8 = upTo(0xff);
export const u16 = upTo(0xffff);
export const u32 = upTo(0xffffffff);
export const ifindex = fc.integer({ min: 1, max: 0x7fffffff });
export const ipv4: fc.Arbitrary<Ipv4> = u32.map((value) => value as Ipv4);
export const mac: fc.Arbitrary<MacAddress> = fc.uint8Array({ minLength: 6, maxLength: 6 }).map(macFromBytes);
export const network: fc.Arbitrary<Cidr4> = fc.tuple(ipv4, upTo(32)).map(([address, length]) => cidr4(address, length));
export const ipv6: fc.Arbitrary<Ipv6> = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((value) => value as Ipv6);
export const network6: fc.Arbitrary<Cidr6> = fc
  .tuple(ipv6, upTo(128))
  .map(([address, length]) => cidr6(address, length));
export const ip: fc.Arbitrary<IpAddress> = fc.oneof(ipv4, ipv6);
export const anyNetwork: fc.Arbitrary<Cidr> = fc.oneof(network, network6);
/** What an independent reader left as four or sixteen bytes. */
export const ipOfBytes = (bytes: Uint8Array): IpAddress =>
  bytes.length === 4 ? ipv4FromBytes(bytes) : ipv6FromBytes(bytes);
export const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
export const linkName: fc.Arbitrary<string> = fc.stringMatching(/^[a-z][a-z0-9.-]{0,14}$/);
