import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LeaseStore } from '../../../flannel/io/lease-store.ts';
import { ReservationStore } from '../../../flannel/io/reservation-store.ts';
import { subnetsText } from '../../../flannel/model/lease-text.ts';
import { reservationKey, subnetKey, type Lease, type SubnetPair } from '../../../flannel/wire.ts';
import { EtcdClient } from '../../../native/etcd/client.ts';
import { parseEndpoint } from '../../../native/etcd/endpoint.ts';
import { EtcdError } from '../../../native/etcd/errors.ts';
import { systemClock } from '../../../native/host/clock.ts';
import { run } from '../../support/netns.ts';
import { startEtcd, type TestEtcd } from '../../support/etcd.ts';
import { leaseOf, pairOf } from '../../unit/flannel/builders.ts';
import { BACKEND, host, PREFIX, startKeeper } from './keepers.ts';

const signal = AbortSignal.timeout(120_000);
let etcd: TestEtcd;
let client: EtcdClient;
let reservations: ReservationStore;
let store: LeaseStore;

beforeAll(async () => {
  etcd = await startEtcd();
  client = new EtcdClient({ endpoints: [parseEndpoint(etcd.endpoint)], clock: systemClock });
  reservations = new ReservationStore(client);
  store = new LeaseStore({ client, prefix: PREFIX, onJunk: () => undefined });
});

afterAll(async () => {
  client.close();
  await etcd[Symbol.asyncDispose]();
});

beforeEach(async () => {
  for (const { key } of (await client.list('/')).entries) await client.delete(key);
});

const subnet = pairOf('10.5.7.0/24');
const lease = (subnets: SubnetPair = subnet): Lease => ({ ...leaseOf('10.5.7.0/24', { backend: BACKEND }), subnets });

test('are listed as they were made, replaced and taken back', async () => {
  const pair = pairOf('10.5.8.0/24&fc00:5:0:8::/64');
  expect(await reservations.reserve(subnet, { hostname: 'printer', note: 'third floor' }, signal)).toBe('reserved');
  expect(await reservations.reserve(pair, { publicIp: 'fd00:77::12' }, signal)).toBe('reserved');
  expect(await reservations.reserve(subnet, { nodeId: 'n1' }, signal)).toBe('replaced');
  await client.put({ key: '/weft/reservations/rubbish', value: '{}' });
  const list = await reservations.list(signal);
  expect(list.reservations.map(({ subnets, nodeId, hostname }) => [subnetsText(subnets), nodeId, hostname])).toEqual([
    ['10.5.7.0/24', 'n1', undefined],
    ['10.5.8.0/24 and fc00:5:0:8::/64', undefined, undefined],
  ]);
  expect(list.junk.map(({ key }) => key)).toEqual(['/weft/reservations/rubbish']);
  expect((await client.get(reservationKey(subnet)))?.value).toBe('{"v":1,"nodeId":"n1"}');
  expect([await reservations.unreserve(subnet, signal), await reservations.unreserve(subnet, signal)]).toEqual([
    true,
    false,
  ]);
});

describe('a create', () => {
  test.each<{ name: string; meanwhile: () => Promise<unknown>; succeeds: boolean }>([
    { name: 'goes through when nothing came between', meanwhile: () => Promise.resolve(), succeeds: true },
    {
      name: 'fails when any reservation came since they were read',
      meanwhile: () => reservations.reserve(pairOf('10.5.0.0/20'), {}, signal),
      succeeds: false,
    },
    {
      name: 'fails when one was changed',
      meanwhile: () => reservations.reserve(pairOf('10.5.99.0/24'), { nodeId: 'changed' }, signal),
      succeeds: false,
    },
    {
      name: 'goes through when one was taken back',
      meanwhile: () => reservations.unreserve(pairOf('10.5.99.0/24'), signal),
      succeeds: true,
    },
    {
      name: 'fails when the same IPv4 subnet has a key with another IPv6 one',
      meanwhile: () => client.put({ key: `${PREFIX}/subnets/10.5.7.0-24&fc00:5:0:1::-64`, value: 'anything' }),
      succeeds: false,
    },
    {
      name: 'goes through beside the neighbouring key',
      meanwhile: () => client.put({ key: `${PREFIX}/subnets/10.5.7.0-25`, value: 'anything' }),
      succeeds: true,
    },
  ])('$name', async ({ meanwhile, succeeds }) => {
    await reservations.reserve(pairOf('10.5.99.0/24'), { nodeId: 'n' }, signal);
    const { revision } = await reservations.list(signal);
    await meanwhile();
    const held = await store.create(lease(), { reservationsRevision: revision }, signal);
    expect(held !== undefined).toBe(succeeds);
    expect((await client.get(subnetKey(PREFIX, subnet))) !== undefined).toBe(succeeds);
  });

  test('of two families fails beside the same IPv4 subnet alone', async () => {
    await client.put({ key: subnetKey(PREFIX, subnet), value: 'anything' });
    const pair = pairOf('10.5.7.0/24&fc00:5:0:8::/64');
    expect(await store.create(lease(pair), { reservationsRevision: undefined }, signal)).toBeUndefined();
  });

  test('leaves no etcd lease behind when it is refused', async () => {
    await client.put({ key: subnetKey(PREFIX, subnet), value: 'anything' });
    const before = run('env', 'ETCDCTL_API=3', 'etcdctl', '--endpoints', etcd.endpoint, 'lease', 'list');
    await store.create(lease(), { reservationsRevision: undefined }, signal);
    expect(run('env', 'ETCDCTL_API=3', 'etcdctl', '--endpoints', etcd.endpoint, 'lease', 'list')).toBe(before);
  });
});

describe('allocation', () => {
  const config = { SubnetMin: '10.5.1.0', SubnetMax: '10.5.3.0' };

  test('gives a reserved subnet to its host and to no other', async () => {
    await reservations.reserve(pairOf('10.5.2.0/24'), { nodeId: 'chosen' }, signal);
    await using first = startKeeper(client, host('a', '192.168.77.1'), { config });
    await using second = startKeeper(client, host('b', '192.168.77.2'), { config });
    const others = await Promise.all([first.subnet, second.subnet]);
    expect(others.map(subnetsText).sort()).toEqual(['10.5.1.0/24', '10.5.3.0/24']);
    await using third = startKeeper(client, host('c', '192.168.77.3'), { config });
    await using chosen = startKeeper(client, host('chosen', '192.168.77.4'), { config });
    expect(subnetsText(await chosen.subnet)).toBe('10.5.2.0/24');
    expect(third.problems[0]).toMatch(/^out of subnets: \d leases and 1 reservations leave no free \/24/);
  });

  test('goes on without them where the etcd user may not read them', async () => {
    const ctl = (...words: string[]): string =>
      run('env', 'ETCDCTL_API=3', 'etcdctl', '--endpoints', etcd.endpoint, ...words);
    const asRoot = ['--user', 'root:secret'];
    ctl('user', 'add', 'root:secret');
    ctl('user', 'grant-role', 'root', 'root');
    ctl('role', 'add', 'flannel');
    ctl('role', 'grant-permission', 'flannel', '--prefix=true', 'readwrite', PREFIX);
    ctl('user', 'add', 'flannel:pass');
    ctl('user', 'grant-role', 'flannel', 'flannel');
    ctl('auth', 'enable');
    try {
      using limited = new EtcdClient({
        endpoints: [parseEndpoint(etcd.endpoint)],
        auth: { username: 'flannel', password: 'pass' },
        clock: systemClock,
      });
      await expect(new ReservationStore(limited).list(signal)).rejects.toThrow(EtcdError);
      await using kept = startKeeper(limited, host('limited'), { config });
      expect(subnetsText(await kept.subnet)).toMatch(/^10\.5\.[123]\.0\/24$/);
      expect(kept.problems).toEqual([]);
    } finally {
      ctl(...asRoot, 'auth', 'disable');
    }
  });
});

describe('a lease', () => {
  test('is released by its subnets, also one that cannot be read', async () => {
    const held = await store.create(lease(), { reservationsRevision: undefined }, signal);
    expect(await store.release(subnet, signal)).toBe(held?.value);
    expect(await store.release(subnet, signal)).toBeUndefined();
    await client.put({ key: subnetKey(PREFIX, subnet), value: 'junk' });
    expect(await store.release(subnet, signal)).toBe('junk');
    expect((await client.list(`${PREFIX}/subnets`)).entries).toEqual([]);
  });
});
