import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { guardedFetch, NoAnswer, type GuardedHttpOptions } from '../../../../../dashboard/io/notify/guarded-http.ts';
import { TargetRefused, type Resolve } from '../../../../../dashboard/io/notify/target-guard.ts';

const server = createServer((_request, response) => {
  response.end('loopback was reached');
});
let port = 0;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
});

const never = new AbortController().signal;
const message = (url: string) => ({ url, headers: {}, body: '' });
const options = (over: Partial<GuardedHttpOptions>): GuardedHttpOptions => ({
  policy: { allowed: [] },
  timeoutMs: 5000,
  userAgent: 'test',
  ...over,
});
const answering =
  (...addresses: readonly string[]): Resolve =>
  () =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));

describe('a name whose look-up never ends', () => {
  const silent: Resolve = () => Promise.withResolvers<never>().promise;

  test('takes no longer than any other request, and nothing was sent', async () => {
    const attempt = guardedFetch(message('http://slow.example/'), options({ resolve: silent, timeoutMs: 50 }), never);
    await expect(attempt).rejects.toMatchObject({ name: 'NoAnswer', heard: false });
  });

  test('is left when the request is given up', async () => {
    const given = new AbortController();
    const attempt = guardedFetch(message('http://slow.example/'), options({ resolve: silent }), given.signal);
    given.abort(new RangeError('given up'));
    await expect(attempt).rejects.toThrow('given up');
  });
});

describe('addresses that are not reached', () => {
  test.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0.0.0.0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '169.254.169.254',
    '[fe80::1]',
    '[fd00:ec2::254]',
    '100.100.100.200',
    '10.0.0.1',
    '192.168.1.1',
    '172.16.0.1',
    '224.0.0.1',
    '255.255.255.255',
  ])('http://%s/', async (host) => {
    await expect(guardedFetch(message(`http://${host}:${port}/`), options({}), never)).rejects.toThrow(TargetRefused);
  });

  test.each([
    { name: 'loopback', addresses: ['127.0.0.1'] },
    { name: 'a public address and loopback', addresses: ['93.184.216.34', '127.0.0.1'] },
    { name: 'the metadata service', addresses: ['169.254.169.254'] },
    { name: 'loopback in IPv6 clothes', addresses: ['::ffff:127.0.0.1'] },
    { name: 'nothing', addresses: [] },
  ])('a name that resolves to $name', async ({ addresses }) => {
    const attempt = guardedFetch(
      message(`http://rebind.example:${port}/`),
      options({ resolve: answering(...addresses) }),
      never,
    );
    await expect(attempt).rejects.toThrow(TargetRefused);
  });
});

test('a name that changes its mind after it was judged is connected to where it was judged', async () => {
  let asked = 0;
  // Judged as allowed; a second look-up would lead elsewhere.
  const rebinding: Resolve = () => {
    asked += 1;
    return Promise.resolve([{ address: asked === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }]);
  };
  const policy = { allowed: ['127.0.0.1'] };
  const answer = await guardedFetch(
    message(`http://rebind.example:${port}/`),
    options({ policy, resolve: rebinding }),
    never,
  );
  expect([answer.body, asked]).toEqual(['loopback was reached', 1]);
});

test('only http and https are spoken', async () => {
  for (const url of ['file:///etc/passwd', 'ftp://203.0.113.1/', 'gopher://203.0.113.1/'])
    await expect(guardedFetch(message(url), options({}), never)).rejects.toThrow('is not spoken');
});

test('a receiver that cannot be reached was sent nothing', async () => {
  const policy = { allowed: ['127.0.0.1'] };
  const attempt = guardedFetch(message('http://127.0.0.1:1/'), options({ policy }), never);
  await expect(attempt).rejects.toThrow(NoAnswer);
  await expect(attempt).rejects.toMatchObject({ heard: false });
});
