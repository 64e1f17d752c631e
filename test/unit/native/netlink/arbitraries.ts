import fc from 'fast-check';
import { cidr4, type Cidr4 } from '../../../../native/net/cidr.ts';
import type { Ipv4 } from '../../../../native/net/ipv4.ts';
import { macFromBytes, type MacAddress } from '../../../../native/net/mac.ts';

const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });

export const u8 = upTo(0xff);
export const u16 = upTo(0xffff);
export const u32 = upTo(0xffffffff);
export const ifindex = fc.integer({ min: 1, max: 0x7fffffff });
export const ipv4: fc.Arbitrary<Ipv4> = u32.map((value) => value as Ipv4);
export const mac: fc.Arbitrary<MacAddress> = fc.uint8Array({ minLength: 6, maxLength: 6 }).map(macFromBytes);
export const network: fc.Arbitrary<Cidr4> = fc.tuple(ipv4, upTo(32)).map(([address, length]) => cidr4(address, length));
export const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
export const linkName: fc.Arbitrary<string> = fc.stringMatching(/^[a-z][a-z0-9.-]{0,14}$/);
