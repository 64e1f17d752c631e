import { describe, expect, test } from 'vitest';
import { EtcdError, toEtcdError } from '../../../../native/etcd/errors.ts';

const at = { operation: 'put', key: '/k', endpoint: 'http://e:1' };

const grpc = (code: number, message: string): Error => Object.assign(new Error(message), { code });

/** etcd3 drops the code and keeps a class. */
class GRPCUnavailableError extends Error {}
class EtcdLeaseInvalidError extends Error {}

describe('what etcd3 and gRPC throw', () => {
  test.each([
    {
      name: 'a status code',
      cause: grpc(14, '14 UNAVAILABLE: read ECONNRESET'),
      code: 'UNAVAILABLE',
      reason: 'read ECONNRESET',
    },
    {
      name: 'a deadline',
      cause: grpc(4, '4 DEADLINE_EXCEEDED: Deadline exceeded after 2s'),
      code: 'DEADLINE_EXCEEDED',
      reason: 'no answer in time',
    },
    {
      name: 'a class',
      cause: new GRPCUnavailableError('GRPCUnavailableError: 14 UNAVAILABLE: gone'),
      code: 'UNAVAILABLE',
      reason: 'gone',
    },
    {
      name: 'a lost lease',
      cause: new EtcdLeaseInvalidError('x etcdserver: requested lease not found'),
      code: 'LEASE_NOT_FOUND',
      reason: 'the lease does not exist any more',
    },
    {
      name: 'no leader',
      cause: grpc(14, '14 UNAVAILABLE: etcdserver: no leader'),
      code: 'NO_LEADER',
      reason: 'this member sees no leader',
    },
    {
      name: 'a full database',
      cause: grpc(8, 'etcdserver: mvcc: database space exceeded'),
      code: 'NO_SPACE',
      reason: "etcd's database is full: compact, defragment and disarm its NOSPACE alarm",
    },
    {
      name: 'compaction',
      cause: grpc(11, 'etcdserver: mvcc: required revision has been compacted'),
      code: 'COMPACTED',
      reason: 'the revision has been compacted',
    },
    {
      name: 'a wrong password',
      cause: grpc(3, 'etcdserver: authentication failed, invalid user ID or password'),
      code: 'UNAUTHENTICATED',
      reason: 'etcd refused the user name or password',
    },
    { name: 'a stranger', cause: new Error('odd'), code: 'UNKNOWN', reason: 'odd' },
    { name: 'no error at all', cause: 'odd', code: 'UNKNOWN', reason: 'odd' },
  ])('$name', ({ cause, code, reason }) => {
    const error = toEtcdError(cause, at);
    expect([error.code, error.reason]).toEqual([code, reason]);
    expect(error.message).toBe(`cannot put /k at http://e:1: ${reason}`);
  });

  test('an EtcdError stays itself', () => {
    const error = new EtcdError({ ...at, code: 'CLOSED', reason: 'closed' });
    expect(toEtcdError(error, { ...at, key: '/other' })).toBe(error);
  });
});

test.each([
  { code: 'UNAVAILABLE', transient: true, outcomeUnknown: true },
  { code: 'DEADLINE_EXCEEDED', transient: true, outcomeUnknown: true },
  { code: 'NO_LEADER', transient: true, outcomeUnknown: false },
  { code: 'AUTH_TOKEN', transient: true, outcomeUnknown: false },
  { code: 'NO_SPACE', transient: false, outcomeUnknown: false },
  { code: 'PERMISSION_DENIED', transient: false, outcomeUnknown: false },
] as const)('$code', ({ code, transient, outcomeUnknown }) => {
  const error = new EtcdError({ ...at, code, reason: '' });
  expect([error.transient, error.outcomeUnknown]).toEqual([transient, outcomeUnknown]);
});
