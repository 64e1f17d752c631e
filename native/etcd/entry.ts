import type { IKeyValue } from 'etcd3';

/** One key of etcd with what etcd knows about it. Revisions and lease ids are 64-bit. */
export interface EtcdEntry {
  readonly key: string;
  /** UTF-8 text, as everything that is stored here. */
  readonly value: string;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
  /** 0n = attached to no lease. */
  readonly leaseId: bigint;
}

/** What etcd3 hands out: longs are decimal strings. */
export function entryOf(kv: IKeyValue): EtcdEntry {
  return {
    key: kv.key.toString('utf8'),
    value: kv.value.toString('utf8'),
    createRevision: BigInt(kv.create_revision),
    modRevision: BigInt(kv.mod_revision),
    leaseId: BigInt(kv.lease),
  };
}

/** The end of the range of all keys that start with `prefix`: its last byte that can be raised, raised. */
export function prefixEnd(prefix: string): Buffer {
  const bytes = Buffer.from(prefix, 'utf8');
  for (let last = bytes.length - 1; last >= 0; last--) {
    const byte = bytes[last] ?? 0xff;
    if (byte === 0xff) continue;
    const end = Buffer.from(bytes.subarray(0, last + 1));
    end[last] = byte + 1;
    return end;
  }
  // "\0" as range_end means: to the end of all keys.
  return Buffer.from([0]);
}
