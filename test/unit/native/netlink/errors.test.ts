import { expect, test } from 'vitest';
import { ERRNO, nameOfErrno, NetlinkError } from '../../../../native/netlink/errors.ts';

test.each([
  { errno: 17, name: 'EEXIST' },
  { errno: 19, name: 'ENODEV' },
  { errno: 11, name: 'EAGAIN' },
  { errno: 95, name: 'EOPNOTSUPP' },
  { errno: 105, name: 'ENOBUFS' },
  { errno: 524, name: 'E524' },
])('$errno is $name', ({ errno, name }) => {
  expect(nameOfErrno(errno)).toBe(name);
});

test('the sentence holds operation, target, code and what the kernel said', () => {
  const failure = { operation: 'replace route', target: '10.5.7.0/24 dev flannel.1', errno: ERRNO.EINVAL };
  const error = new NetlinkError({ ...failure, kernelMessage: 'Nexthop has invalid gateway' });
  expect(error.message).toBe('cannot replace route 10.5.7.0/24 dev flannel.1: EINVAL (Nexthop has invalid gateway)');
  expect(error).toMatchObject({ name: 'NetlinkError', code: 'EINVAL', errno: 22 });
  expect(new NetlinkError(failure).message).toBe('cannot replace route 10.5.7.0/24 dev flannel.1: EINVAL');
});

test.each([
  { code: 'ENOBUFS', transient: true },
  { code: 'ETIMEDOUT', transient: true },
  { code: 'EBUSY', transient: true },
  { code: 'EEXIST', transient: false },
  { code: 'ENODEV', transient: false },
  { code: 'EPERM', transient: false },
] as const)('$code is transient: $transient', ({ code, transient }) => {
  expect(new NetlinkError({ operation: 'x', target: 'y', errno: ERRNO[code] }).transient).toBe(transient);
});
