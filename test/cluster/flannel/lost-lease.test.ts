import { describe, expect, test } from 'vitest';
import { ReservationStore } from '../../../flannel/io/reservation-store.ts';
import { subnetsText } from '../../../flannel/model/lease-text.ts';
import { subnetKey, type SubnetPair } from '../../../flannel/wire.ts';
import type { EtcdEntry } from '../../../native/etcd/entry.ts';
import { grantLease, leaseTimeToLive, revokeLease } from '../../../native/etcd/lease.ts';
import { systemBootMs, systemClock, type Clock } from '../../../native/host/clock.ts';
import { parseIpv4 } from '../../../native/net/ipv4.ts';
import { parseMac } from '../../../native/net/mac.ts';
import { until } from '../../support/until.ts';
import { freshEtcd } from './fresh-etcd.ts';
import { host, PREFIX, startKeeper, type KeepOptions, type Kept } from './keepers.ts';

const fresh = freshEtcd();

const own = host('me');
const follow = (options: KeepOptions = {}, self = own): Kept =>
  startKeeper(fresh.client, self, { watches: true, ...options });

const entryOf = async (subnets: SubnetPair): Promise<EtcdEntry | undefined> =>
  fresh.client.get(subnetKey(PREFIX, subnets));
const kinds = ({ events }: Kept): string[] => events.map(({ kind }) => kind);
const flanneld = (ip: string, mac = '02:00:00:00:00:99'): string =>
  `{"PublicIP":"${ip}","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"${mac}"}}`;

/** Writes a key as flanneld does: on a new etcd lease, whatever stood there. */
async function putAsFlanneld(key: string, value: string): Promise<void> {
  const { id } = await grantLease(fresh.client, 86_400);
  await fresh.client.put({ key, value, leaseId: id });
}

describe('the same subnet again', () => {
  test.each<{ name: string; lose: (entry: EtcdEntry) => Promise<void> }>([
    { name: 'deleted', lose: ({ key }) => fresh.client.delete(key) },
    { name: 'revoked', lose: ({ leaseId }) => revokeLease(fresh.client, leaseId) },
  ])('when the key is $name, told as lost and as back', async ({ lose }) => {
    await using kept = follow();
    const subnets = await kept.subnet;
    const before = await entryOf(subnets);
    await lose(before!);
    const after = await until(async () => entryOf(subnets), { what: 'the key is back' });
    expect([after.value, after.leaseId !== before!.leaseId]).toEqual([before!.value, true]);
    await until(() => kept.events.length === 2, { what: 'two events' });
    expect([kinds(kept), kept.moves]).toEqual([['lease-lost', 'lease-regained'], []]);
    expect(kept.keeper.secondsLeft).toBeGreaterThan(86_000);
  });

  test('when it ran out while the host slept', async () => {
    // Timers that stand still, and a boot clock that does not.
    let asleep: PromiseWithResolvers<void> | undefined;
    const clock: Clock = {
      ...systemClock,
      sleep: async (delayMs, signal) => {
        await systemClock.sleep(Math.min(delayMs, 20), signal);
        await asleep?.promise;
      },
    };
    let sleptMs = 0;
    await using kept = startKeeper(fresh.client, own, { ttlSeconds: 5, clock, bootMs: () => systemBootMs() + sleptMs });
    const subnets = await kept.subnet;
    const before = await entryOf(subnets);
    asleep = Promise.withResolvers();
    await until(async () => (await entryOf(subnets)) === undefined, { what: 'the lease runs out', timeoutMs: 20_000 });
    sleptMs = 3_600_000;
    asleep.resolve();
    asleep = undefined;
    const after = await until(async () => entryOf(subnets), { what: 'the subnet is leased again' });
    expect(after.value).toBe(before!.value);
    await until(() => kept.events.length === 2, { what: 'two events' });
    expect(kinds(kept)).toEqual(['lease-lost', 'lease-regained']);
  });

  test('when the value is garbled, on the spot and without a word of loss', async () => {
    await using kept = follow();
    const subnets = await kept.subnet;
    const before = await entryOf(subnets);
    await fresh.client.put({ key: before!.key, value: 'garbage' });
    await until(async () => (await entryOf(subnets))?.value === before!.value, { what: 'set right' });
    expect(kinds(kept)).toEqual([]);
  });
});

describe('somebody else on the subnet', () => {
  const other = flanneld('192.168.77.200');

  test('is an alarm and never fought; when he goes the subnet is taken again', async () => {
    await using kept = follow();
    const subnets = await kept.subnet;
    const key = subnetKey(PREFIX, subnets);
    await putAsFlanneld(key, other);
    await until(() => kept.problems.length > 0, { what: 'an alarm' });
    expect(kept.problems).toEqual([
      `${subnetsText(subnets)} is held by a flannel host at 192.168.77.200 now and its traffic goes there: ` +
        'stop that host, or this one takes another subnet 60 s after it lost this one',
    ]);
    expect([(await fresh.client.get(key))?.value, kept.keeper.secondsLeft]).toEqual([other, -Infinity]);
    await fresh.client.delete(key);
    await until(() => kept.events.length === 2, { what: 'lost and back' });
    expect([kinds(kept), kept.problems.at(-1), kept.moves]).toEqual([['lease-lost', 'lease-regained'], undefined, []]);
  });

  test('who stays keeps it: another one is taken, and his key is not touched', async () => {
    await using kept = follow({ graceMs: 300 });
    const previous = await kept.subnet;
    await putAsFlanneld(subnetKey(PREFIX, previous), other);
    const theirs = await entryOf(previous);
    const subnets = await until(() => kept.moves[0], { what: 'another subnet' });
    expect(subnetsText(subnets)).not.toBe(subnetsText(previous));
    expect(kept.events.at(-1)).toEqual({
      kind: 'subnet-changed',
      subnets,
      previous,
      because: 'it is held by a flannel host at 192.168.77.200',
    });
    expect([await entryOf(previous), (await entryOf(subnets))?.value]).toEqual([
      theirs,
      expect.stringContaining('"NodeID":"me"'),
    ]);
    expect([kept.keeper.subnets, kept.problems.at(-1)]).toEqual([subnets, undefined]);
  });

  test('with no subnet free the host waits for one', async () => {
    const config = { SubnetMin: '10.5.7.0', SubnetMax: '10.5.7.0' };
    await using kept = follow({ graceMs: 100, config });
    const subnets = await kept.subnet;
    await putAsFlanneld(subnetKey(PREFIX, subnets), other);
    await until(() => kept.problems.at(-1)?.startsWith('out of subnets: 1 leases'), { what: 'it is told' });
    await fresh.client.delete(subnetKey(PREFIX, subnets));
    await until(() => kinds(kept).at(-1) === 'lease-regained', { what: 'the same subnet again', timeoutMs: 20_000 });
  });

  test('a lease that overlaps, or a reservation for another host, is in the way as well', async () => {
    const reservations = new ReservationStore(fresh.client);
    const signal = AbortSignal.timeout(20_000);
    await using kept = follow({ graceMs: 300 });
    const first = await kept.subnet;
    await reservations.reserve(first, { publicIp: '192.168.77.99' }, signal);
    await fresh.client.delete(subnetKey(PREFIX, first));
    const second = await until(() => kept.moves[0], { what: 'another subnet' });
    expect(kept.events.at(-1)).toMatchObject({
      because: `it is held by the reservation /weft/reservations/${subnetsText(first).replace('/', '-')}`,
    });
    // A younger lease of another length: as long as ours is there peers take ours.
    const wide = subnetsText(second).replace(/\.(\d+)\.0\/24/, (_, third: string) => `.${Number(third) & ~1}.0-23`);
    await putAsFlanneld(`${PREFIX}/subnets/${wide}`, other);
    await fresh.client.delete(subnetKey(PREFIX, second));
    await until(() => kept.moves[1], { what: 'a third subnet' });
    expect(kept.events.at(-1)).toMatchObject({ because: 'it is held by a flannel host at 192.168.77.200' });
    expect((await fresh.client.list(`${PREFIX}/subnets`)).entries).toHaveLength(2);
  });

  test('a flannel host with our own address is an alarm that names both, for as long as it lasts', async () => {
    await using kept = follow({ graceMs: 50 });
    const subnets = await kept.subnet;
    const twin = flanneld('192.168.77.11');
    await putAsFlanneld(subnetKey(PREFIX, subnets), twin);
    await until(() => kept.problems.length > 0, { what: 'an alarm' });
    expect(kept.problems).toEqual([
      `a flannel host at 192.168.77.11 has the same public IP 192.168.77.11 as this host here (me) and took ` +
        `${subnetsText(subnets)}: give one of them another --public-ip or --iface`,
    ]);
    // The keeper looks again after about a second: neither does it write nor move.
    const reads = async (): Promise<number> => Number((await fresh.client.list('/')).revision);
    const revision = await reads();
    await until(() => kept.keeper.secondsLeft === -Infinity, { what: 'no lease' });
    expect([(await entryOf(subnets))?.value, await reads(), kept.moves]).toEqual([twin, revision, []]);
  });

  test('our own device under a flanneld is put right', async () => {
    await using kept = follow();
    const subnets = await kept.subnet;
    const before = await entryOf(subnets);
    await putAsFlanneld(before!.key, flanneld('192.168.77.11', '02:00:00:00:00:01'));
    await until(async () => (await entryOf(subnets))?.value === before!.value, { what: 'set right' });
    expect(kinds(kept)).toEqual([]);
  });
});

describe('two hosts with one public IP that start at once', () => {
  test('one of them has a lease, the other is refused and both are named', async () => {
    await using first = follow({}, host('one'));
    await using second = follow({}, host('two'));
    const [winner, loser, name, rival] = await Promise.race([
      first.subnet.then(() => [first, second, 'two', 'one'] as const),
      second.subnet.then(() => [second, first, 'one', 'two'] as const),
    ]);
    const sentence = await until(() => loser.problems[0], { what: 'the other is told' });
    expect(sentence).toMatch(
      new RegExp(
        `^node ${rival} renewed 10\\.5\\.\\d+\\.0/24 a moment ago with the same public IP 192\\.168\\.77\\.11 as this host here \\(${name}\\): `,
      ),
    );
    expect(winner.problems).toEqual([]);
  });
});

describe('what changes while the lease is held', () => {
  test('another address is written under the same subnet and etcd lease', async () => {
    await using kept = follow();
    const subnets = await kept.subnet;
    const before = await entryOf(subnets);
    kept.keeper.setSelf({ publicIp: parseIpv4('192.168.77.55'), publicIpv6: undefined });
    const after = await until(
      async () => {
        const entry = await entryOf(subnets);
        return entry?.value === before!.value ? undefined : entry;
      },
      { what: 'the lease is rewritten' },
    );
    expect([after.value, after.leaseId]).toEqual([before!.value.replace('77.11', '77.55'), before!.leaseId]);
    await until(() => kept.events.length > 0, { what: 'an event' });
    expect(kept.events).toEqual([{ kind: 'address-changed', subnets, address: '192.168.77.55' }]);
  });

  test('not that of another live host: told, with both named, and the old one stays', async () => {
    await using rival = startKeeper(fresh.client, host('rival', '192.168.77.55'));
    await rival.subnet;
    await using kept = follow();
    const subnets = await kept.subnet;
    const before = await entryOf(subnets);
    kept.keeper.setSelf({ publicIp: parseIpv4('192.168.77.55'), publicIpv6: undefined });
    const problem = await until(() => kept.problems[0], { what: 'it is told' });
    expect(problem).toMatch(/^node rival renewed .* with the same public IP 192\.168\.77\.55 as this host here \(me\)/);
    expect(await entryOf(subnets)).toEqual(before);
    kept.keeper.setSelf({ publicIp: parseIpv4('192.168.77.56'), publicIpv6: undefined });
    await until(async () => (await entryOf(subnets))?.value.includes('192.168.77.56'), { what: 'a free address' });
    await until(() => kept.problems.at(-1) === undefined, { what: 'no problem' });
  });

  test('another VTEP MAC', async () => {
    await using kept = follow();
    const subnets = await kept.subnet;
    const before = await entryOf(subnets);
    const vtepMac = parseMac('02:00:00:00:00:42');
    kept.keeper.setBackend({ kind: 'vxlan', ipv4: { vni: 1, vtepMac }, ipv6: undefined });
    await until(async () => (await entryOf(subnets))?.value.includes('02:00:00:00:00:42'), { what: 'rewritten' });
    expect((await entryOf(subnets))?.leaseId).toBe(before!.leaseId);
    expect(kinds(kept)).toEqual([]);
  });
});

describe('puts for flanneld', () => {
  /** An hour in three seconds. */
  const SPEED = 1200;
  const fast: KeepOptions = {
    clock: {
      nowMs: () => systemClock.nowMs(),
      monotonicMs: () => systemClock.monotonicMs() * SPEED,
      sleep: (delayMs, signal) => systemClock.sleep(delayMs / SPEED, signal),
    },
    bootMs: () => systemClock.monotonicMs() * SPEED,
    // Half a lease's time is ten hours and more; here it is ten minutes.
    ttlSeconds: 1_200,
    marginSeconds: 600,
  };

  test('the same value on the same etcd lease, soon after the first write and then again and again', async () => {
    await putAsFlanneld(`${PREFIX}/subnets/10.5.200.0-24`, flanneld('192.168.77.200'));
    await using kept = follow(fast);
    const subnets = await kept.subnet;
    const first = await entryOf(subnets);
    const third = await until(
      async () => {
        const entry = await entryOf(subnets);
        return entry !== undefined && Number(entry.modRevision - first!.createRevision) >= 3 ? entry : undefined;
      },
      { what: 'some puts' },
    );
    expect(third).toEqual({ ...first, modRevision: third.modRevision });
    expect([kinds(kept), kept.problems]).toEqual([[], []]);
  });

  test('none in a cluster of weft alone, nor for a bare reservation', async () => {
    await fresh.client.put({ key: `${PREFIX}/subnets/10.5.200.0-24`, value: '{"PublicIP":"192.168.77.200"}' });
    await using neighbour = follow({}, host('neighbour', '192.168.77.12'));
    await neighbour.subnet;
    await using kept = follow(fast);
    const subnets = await kept.subnet;
    const first = await entryOf(subnets);
    const bornAt = kept.keeper.secondsLeft;
    expect(bornAt).toBeGreaterThan(0);
    // Three lives of the lease by the keeper's clock, kept alive all the while.
    const startedMs = performance.now();
    await until(() => (performance.now() - startedMs) * SPEED > 3_600_000, { what: 'an hour of fast time' });
    expect(await entryOf(subnets)).toEqual(first);
    expect((await leaseTimeToLive(fresh.client, first!.leaseId)).ttlSeconds).toBeGreaterThan(1_190);
  });
});
