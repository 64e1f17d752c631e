import { expect, test } from 'vitest';
import { TrustedProxies } from '../../../../dashboard/io/trusted-proxies.ts';

const proxies = new TrustedProxies(['10.0.0.0/8', '::1', '192.0.2.7']);

test.each([
  { peer: '203.0.113.9', for: '1.2.3.4', want: undefined },
  { peer: '10.0.0.1', for: '1.2.3.4', want: '1.2.3.4' },
  { peer: '::ffff:10.0.0.1', for: '1.2.3.4', want: '1.2.3.4' },
  { peer: '::1', for: '1.2.3.4, 10.9.9.9', want: '1.2.3.4' },
  // What the client itself wrote stands before what our proxy added.
  { peer: '10.0.0.1', for: '127.0.0.1, 203.0.113.9', want: '203.0.113.9' },
  { peer: '10.0.0.1', for: '6.6.6.6, 203.0.113.9, 192.0.2.7', want: '203.0.113.9' },
  { peer: '10.0.0.1', for: 'unknown, <script>', want: '10.0.0.1' },
  { peer: '10.0.0.1', for: '10.0.0.2', want: '10.0.0.2' },
  { peer: '10.0.0.1', for: undefined, want: '10.0.0.1' },
  { peer: '11.0.0.1', for: '1.2.3.4', want: undefined },
  { peer: '', for: '1.2.3.4', want: undefined },
])('$peer says $for: $want', ({ peer, for: header, want }) => {
  expect(proxies.read(peer, header === undefined ? {} : { 'x-forwarded-for': header })?.address).toBe(want);
});

test.each([
  ['https', 'https'],
  ['http, https', 'https'],
  ['gopher', undefined],
])('X-Forwarded-Proto: %s is %s', (header, want) => {
  expect(proxies.read('10.0.0.1', { 'x-forwarded-proto': header })?.scheme).toBe(want);
});
