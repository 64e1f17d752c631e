import type { IpAddress } from '../net/ip.ts';
import type { Ipv4 } from '../net/ipv4.ts';
import type { Ipv6 } from '../net/ipv6.ts';
import { macToBytes, type MacAddress } from '../net/mac.ts';
import { aligned, HEADER_BYTES } from './message.ts';

const ATTRIBUTE_HEADER_BYTES = 4;
/** An attribute's length is a u16. */
const MAX_ATTRIBUTE_BYTES = 0xffff;
/** Holds a peer's route, neighbour or FDB entry without growing. */
const FIRST_CAPACITY_BYTES = 128;

/** Writes one message: header, fixed part, attributes. The sequence number stays 0, the addon fills it. */
export class MessageWriter {
  #buffer = Buffer.allocUnsafe(FIRST_CAPACITY_BYTES);
  #length: number;

  /** @param fixedBytes length of the struct after the header; it starts zeroed. */
  constructor(type: number, flags: number, fixedBytes: number) {
    this.#length = HEADER_BYTES + aligned(fixedBytes);
    this.#buffer.fill(0, 0, this.#length);
    this.#buffer.writeUInt16LE(type, 4);
    this.#buffer.writeUInt16LE(flags, 6);
  }

  /** Sets a byte of the fixed part; `offset` counts from its start. */
  fixedU8(offset: number, value: number): this {
    this.#buffer.writeUInt8(value, HEADER_BYTES + offset);
    return this;
  }

  fixedU16(offset: number, value: number): this {
    this.#buffer.writeUInt16LE(value, HEADER_BYTES + offset);
    return this;
  }

  fixedU32(offset: number, value: number): this {
    this.#buffer.writeUInt32LE(value >>> 0, HEADER_BYTES + offset);
    return this;
  }

  u8(type: number, value: number): this {
    const offset = this.#begin(type, 1);
    this.#buffer.writeUInt8(value, offset);
    return this;
  }

  u16(type: number, value: number): this {
    const offset = this.#begin(type, 2);
    this.#buffer.writeUInt16LE(value, offset);
    return this;
  }

  /** In network order, as ports are. */
  u16be(type: number, value: number): this {
    const offset = this.#begin(type, 2);
    this.#buffer.writeUInt16BE(value, offset);
    return this;
  }

  u32(type: number, value: number): this {
    const offset = this.#begin(type, 4);
    this.#buffer.writeUInt32LE(value, offset);
    return this;
  }

  ipv4(type: number, address: Ipv4): this {
    const offset = this.#begin(type, 4);
    this.#buffer.writeUInt32BE(address, offset);
    return this;
  }

  ipv6(type: number, address: Ipv6): this {
    const offset = this.#begin(type, 16);
    this.#buffer.writeBigUInt64BE(address >> 64n, offset);
    this.#buffer.writeBigUInt64BE(address & 0xffff_ffff_ffff_ffffn, offset + 8);
    return this;
  }

  /** Four bytes or sixteen. */
  ip(type: number, address: IpAddress): this {
    return typeof address === 'bigint' ? this.ipv6(type, address) : this.ipv4(type, address);
  }

  mac(type: number, mac: MacAddress): this {
    return this.bytes(type, macToBytes(mac));
  }

  /** A string with its closing NUL, as interface names go. */
  zeroTerminated(type: number, text: string): this {
    return this.bytes(type, Buffer.from(`${text}\0`, 'utf8'));
  }

  /** A string without NUL, as flannel sends IFLA_INFO_KIND. */
  text(type: number, text: string): this {
    return this.bytes(type, Buffer.from(text, 'utf8'));
  }

  /** An attribute whose presence is its value. */
  flag(type: number): this {
    this.#begin(type, 0);
    return this;
  }

  bytes(type: number, value: Uint8Array): this {
    const offset = this.#begin(type, value.length);
    this.#buffer.set(value, offset);
    return this;
  }

  /** Attributes, or a struct and attributes, inside one attribute. */
  nested(type: number, write: (writer: this) => void): this {
    const header = this.#length;
    this.#begin(type, 0);
    write(this);
    this.#buffer.writeUInt16LE(checkedLength(this.#length - header), header);
    return this;
  }

  /** Zeroed room in the middle of a nest: the ifinfomsg that VETH_INFO_PEER starts with. */
  zeros(bytes: number): this {
    this.#reserve(bytes);
    this.#buffer.fill(0, this.#length, this.#length + aligned(bytes));
    this.#length += aligned(bytes);
    return this;
  }

  /** The finished message; the writer must not be used again. */
  finish(): Buffer {
    this.#buffer.writeUInt32LE(this.#length, 0);
    return this.#buffer.subarray(0, this.#length);
  }

  /** Writes an attribute's header and zeroed padding; gives the offset of its value. May exchange the buffer: call it first. */
  #begin(type: number, valueBytes: number): number {
    const start = this.#length;
    const length = checkedLength(ATTRIBUTE_HEADER_BYTES + valueBytes);
    this.#reserve(length);
    const end = start + aligned(length);
    // Whole padding word first, so that no byte of old memory reaches the kernel.
    this.#buffer.writeUInt32LE(0, end - 4);
    this.#buffer.writeUInt16LE(length, start);
    this.#buffer.writeUInt16LE(type, start + 2);
    this.#length = end;
    return start + ATTRIBUTE_HEADER_BYTES;
  }

  #reserve(bytes: number): void {
    const wanted = this.#length + aligned(bytes);
    if (wanted <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(wanted, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

function checkedLength(bytes: number): number {
  if (bytes > MAX_ATTRIBUTE_BYTES) {
    throw new RangeError(`a netlink attribute of ${bytes} bytes: expected at most ${MAX_ATTRIBUTE_BYTES}`);
  }
  return bytes;
}
