import type { IpAddress } from '../net/ip.ts';
import type { Ipv4 } from '../net/ipv4.ts';
import type { Ipv6 } from '../net/ipv6.ts';
import { macFromBytes, type MacAddress } from '../net/mac.ts';
import { AF, aligned, malformed, type IpFamily, type Message } from './message.ts';

const ATTRIBUTE_HEADER_BYTES = 4;
/** The two upper bits are NLA_F_NESTED and NLA_F_NET_BYTEORDER. */
const TYPE_MASK = 0x3fff;

/**
 * Walks the attributes of one message, one at a time and without building a table of them: a dump of 10,000 routes is read in
 * a few milliseconds. Values are checked against their attribute's bounds. @throws {NetlinkError} EBADMSG naming the attribute.
 */
export class AttributeReader {
  readonly #buffer: Buffer;
  readonly #operation: string;
  #next: number;
  #value = 0;
  /** Type of the current attribute. */
  type = 0;
  /** Bytes of the current attribute's value. */
  length = 0;

  constructor(buffer: Buffer, start: number, operation: string) {
    this.#buffer = buffer;
    this.#next = start;
    this.#operation = operation;
  }

  /** Steps to the next attribute; false after the last. */
  next(): boolean {
    const start = this.#next;
    const left = this.#buffer.length - start;
    if (left <= 0) return false;
    const length = left < ATTRIBUTE_HEADER_BYTES ? 0 : this.#buffer.readUInt16LE(start);
    if (length < ATTRIBUTE_HEADER_BYTES || length > left) {
      throw malformed(this.#operation, `attribute at byte ${start}`, `length ${length} with ${left} bytes left`);
    }
    this.type = this.#buffer.readUInt16LE(start + 2) & TYPE_MASK;
    this.length = length - ATTRIBUTE_HEADER_BYTES;
    this.#value = start + ATTRIBUTE_HEADER_BYTES;
    this.#next = start + aligned(length);
    return true;
  }

  u8(name: string): number {
    return this.#buffer.readUInt8(this.#at(name, 1));
  }

  u16(name: string): number {
    return this.#buffer.readUInt16LE(this.#at(name, 2));
  }

  u16be(name: string): number {
    return this.#buffer.readUInt16BE(this.#at(name, 2));
  }

  u32(name: string): number {
    return this.#buffer.readUInt32LE(this.#at(name, 4));
  }

  u64(name: string): bigint {
    return this.#buffer.readBigUInt64LE(this.#at(name, 8));
  }

  /** In network order, as netfilter sends all its numbers. */
  u32be(name: string): number {
    return this.#buffer.readUInt32BE(this.#at(name, 4));
  }

  s32(name: string): number {
    return this.#buffer.readInt32LE(this.#at(name, 4));
  }

  ipv4(name: string): Ipv4 {
    return this.#buffer.readUInt32BE(this.#at(name, 4)) as Ipv4;
  }

  ipv6(name: string): Ipv6 {
    const at = this.#at(name, 16);
    return ((this.#buffer.readBigUInt64BE(at) << 64n) | this.#buffer.readBigUInt64BE(at + 8)) as Ipv6;
  }

  /** An address of the message's own family. */
  ip(family: IpFamily, name: string): IpAddress {
    return family === AF.INET ? this.ipv4(name) : this.ipv6(name);
  }

  /** An address of either family, told by its length: where the message has no family of its own. */
  ipOfAnyFamily(name: string): IpAddress {
    return this.length === 16 ? this.ipv6(name) : this.ipv4(name);
  }

  mac(name: string): MacAddress {
    const at = this.#at(name, 6);
    return macFromBytes(this.#buffer.subarray(at, at + 6));
  }

  /** A string up to its NUL or the attribute's end. */
  text(): string {
    const end = this.#value + this.length;
    const nul = this.#buffer.subarray(this.#value, end).indexOf(0);
    return this.#buffer.toString('utf8', this.#value, nul === -1 ? end : this.#value + nul);
  }

  /** The value as it is; shares memory with the message. */
  bytes(): Buffer {
    return this.#buffer.subarray(this.#value, this.#value + this.length);
  }

  /** The value as it is, if it has the size; shares memory with the message. */
  bytesOf(name: string, length: number): Buffer {
    const at = this.#at(name, length);
    return this.#buffer.subarray(at, at + length);
  }

  /** A reader over the attributes inside the current one. */
  nested(): AttributeReader {
    return new AttributeReader(this.#buffer.subarray(this.#value, this.#value + this.length), 0, this.#operation);
  }

  #at(name: string, bytes: number): number {
    if (this.length !== bytes) throw malformed(this.#operation, name, `${this.length} bytes, expected ${bytes}`);
    return this.#value;
  }
}

/** The reader behind a message's fixed part. @throws {NetlinkError} EBADMSG if the fixed part is cut short. */
export function attributesOf(message: Message, fixedBytes: number, operation: string): AttributeReader {
  if (message.payload.length < fixedBytes) {
    throw malformed(operation, 'fixed part', `${message.payload.length} bytes, expected ${fixedBytes}`);
  }
  return new AttributeReader(message.payload, aligned(fixedBytes), operation);
}
