import { describe, expect, test } from 'vitest';
import { foldLeases, type KnownLease } from '../../../../flannel/model/lease.ts';
import { knownLease } from '../builders.ts';

describe('known leases', () => {
  const lease = (key: string, modRevision: bigint): KnownLease => knownLease('10.5.1.0/24', {}, { key, modRevision });
  test('a snapshot replaces, a delta changes in order', () => {
    const known = new Map([['gone', lease('gone', 1n)]]);
    foldLeases(known, {
      kind: 'snapshot',
      leases: [lease('a', 1n), lease('b', 2n)],
      revision: 2n,
      reason: 'start',
    });
    expect([...known.keys()]).toEqual(['a', 'b']);
    foldLeases(known, {
      kind: 'delta',
      changes: [
        { kind: 'removed', key: 'a' },
        { kind: 'put', lease: lease('b', 3n) },
        { kind: 'put', lease: lease('c', 4n) },
        { kind: 'removed', key: 'c' },
        { kind: 'put', lease: lease('a', 5n) },
      ],
      revision: 5n,
    });
    expect([...known].map(([key, { modRevision }]) => `${key}${modRevision}`).sort()).toEqual(['a5', 'b3']);
  });
});
