import { expect, test } from 'vitest';
import { inet6Addresses, localAddresses, plainAddress } from '../../../../statsd/io/container-addresses.ts';

test('local addresses of /proc/net/fib_trie, each once, without loopback', () => {
  const text = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 172.17.0.0/24 2 0 2
        +-- 172.17.0.0/28 2 0 2
           |-- 172.17.0.0
              /16 link UNICAST
           |-- 172.17.0.5
              /32 host LOCAL
        |-- 172.17.255.255
           /32 link BROADCAST
     +-- 127.0.0.0/8 2 0 2
           |-- 127.0.0.1
              /32 host LOCAL
Local:
           |-- 172.17.0.5
              /32 host LOCAL
`;
  expect(localAddresses(text)).toEqual(['172.17.0.5']);
  expect(localAddresses('')).toEqual([]);
});

test('addresses of /proc/net/if_inet6 that are more than a link’s', () => {
  const text = `00000000000000000000000000000001 01 80 10 80       lo
fe80000000000000fc000000000000fc 02 40 20 80     eth0
fd000000000000000000000000000002 02 40 00 80     eth0
`;
  expect(inet6Addresses(text)).toEqual(['fd00::2']);
  expect(inet6Addresses('rubbish')).toEqual([]);
});

test.each([
  ['172.17.0.5', '172.17.0.5'],
  ['::ffff:172.17.0.5', '172.17.0.5'],
  ['fe80::1%eth0', 'fe80::1'],
  ['FD00:0:0::2', 'fd00::2'],
  ['rubbish:', 'rubbish:'],
])('%s is %s', (address, plain) => {
  expect(plainAddress(address)).toBe(plain);
});
