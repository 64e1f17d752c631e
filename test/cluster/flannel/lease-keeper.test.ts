import { describe, expect, test } from 'vitest';
import type { Self } from '../../../flannel/model/allocate.ts';
import { addressText, subnetsText } from '../../../flannel/model/lease-text.ts';
import { encodeLease, subnetKey, type Lease, type SubnetPair } from '../../../flannel/wire.ts';
import { flannelPresenceKey, type FlannelPresence } from '../../../flannel/presence-wire.ts';
import { leaseTimeToLive, revokeLease } from '../../../native/etcd/lease.ts';
import { systemClock, type Clock } from '../../../native/host/clock.ts';
import { parseCidr4 } from '../../../native/net/cidr.ts';
import { until } from '../../support/until.ts';
import { freshEtcd } from './fresh-etcd.ts';
import { BACKEND, host, MAC, PREFIX, startKeeper, type KeepOptions, type Kept } from './keepers.ts';

const ipv4Only = (subnet: string): SubnetPair => ({ ipv4: parseCidr4(subnet), ipv6: undefined });
/** Ten minutes in half a second. */
const SPEED = 1200;
const fastClock: Clock = {
  nowMs: () => systemClock.nowMs(),
  monotonicMs: () => systemClock.monotonicMs() * SPEED,
  sleep: (delayMs, signal) => systemClock.sleep(delayMs / SPEED, signal),
};

const fresh = freshEtcd();

const keep = (who: Self, options: KeepOptions = {}): Kept => startKeeper(fresh.client, who, options);

const leased = async (subnet: SubnetPair) => fresh.client.get(subnetKey(PREFIX, subnet));

describe('renewal', () => {
  test('keeps the etcd lease full without touching the key', async () => {
    await using kept = keep(host('a'), { clock: fastClock, bootMs: () => fastClock.monotonicMs() });
    const entry = await leased(await kept.subnet);
    const startedMs = performance.now();
    await until(() => performance.now() - startedMs > 3000, { what: 'three seconds' });
    // Unrenewed it would have three seconds less.
    expect((await leaseTimeToLive(fresh.client, entry!.leaseId)).ttlSeconds).toBeGreaterThanOrEqual(86_398);
    expect(await leased(await kept.subnet)).toEqual(entry);
    expect(kept.problems).toEqual([]);
  });

  test('finds by itself that the lease ran out, and takes the subnet again', async () => {
    await using kept = keep(host('a'), { clock: fastClock, bootMs: () => fastClock.monotonicMs() });
    const before = await leased(await kept.subnet);
    await revokeLease(fresh.client, before!.leaseId);
    const after = await until(async () => leased(await kept.subnet), { what: 'the subnet is leased again' });
    expect([after.value, after.leaseId === before!.leaseId]).toEqual([before!.value, false]);
  });

  test('an outage is no problem before the margin', async () => {
    await using kept = keep(host('a'), { clock: fastClock, bootMs: () => fastClock.monotonicMs() });
    const subnet = await kept.subnet;
    await fresh.etcd.kill();
    const left = kept.keeper.secondsLeft;
    await until(() => kept.keeper.secondsLeft < left - 1800, { what: 'half an hour of fast time' });
    await fresh.etcd.start();
    await until(() => kept.keeper.secondsLeft > 86_000, { what: 'renewed', timeoutMs: 20_000 });
    expect([kept.problems, (await leased(subnet)) !== undefined]).toEqual([[], true]);
  });
});

describe('acquisition', () => {
  test('a restart goes on with key and etcd lease', async () => {
    const first = keep(host('a'));
    const subnet = await first.subnet;
    const before = await leased(subnet);
    await first[Symbol.asyncDispose]();
    await using second = keep(host('a'), { previous: ipv4Only('10.5.200.0/24') });
    expect([subnetsText(await second.subnet), await leased(subnet)]).toEqual([subnetsText(subnet), before]);
  });

  test('a new address is written into the own lease', async () => {
    const first = keep(host('a'));
    const subnet = await first.subnet;
    await first[Symbol.asyncDispose]();
    await using second = keep(host('a', '192.168.77.55'));
    expect(subnetsText(await second.subnet)).toBe(subnetsText(subnet));
    expect((await leased(subnet))?.value).toContain('"PublicIP":"192.168.77.55"');
  });

  test('the previous subnet is taken when it is free', async () => {
    await using kept = keep(host('a'), { previous: ipv4Only('10.5.77.0/24') });
    expect(subnetsText(await kept.subnet)).toBe('10.5.77.0/24');
  });

  test('a garbled key in the place of the previous subnet does not keep us waiting', async () => {
    const key = `${PREFIX}/subnets/10.5.77.0-24`;
    await fresh.client.put({ key, value: 'garbage' });
    await using kept = keep(host('a'), { previous: ipv4Only('10.5.77.0/24') });
    const late = systemClock.sleep(4000).then(() => 'late');
    expect(await Promise.race([kept.subnet.then(() => 'leased'), late])).toBe('leased');
    expect((await fresh.client.get(key))?.value).toBe('garbage');
  });

  test('a reservation of our address becomes our lease', async () => {
    await fresh.client.put({ key: `${PREFIX}/subnets/10.5.33.0-24`, value: '{"PublicIP":"192.168.77.11"}' });
    await using kept = keep(host('a'));
    const subnet = await kept.subnet;
    expect(subnetsText(subnet)).toBe('10.5.33.0/24');
    expect((await leased(subnet))?.leaseId).not.toBe(0n);
  });

  test('an own lease outside the range is given up for one inside', async () => {
    const first = keep(host('a'));
    const before = await first.subnet;
    await first[Symbol.asyncDispose]();
    await using second = keep(host('a'), { config: { Network: '10.6.0.0/16' } });
    expect(subnetsText(await second.subnet)).toMatch(/^10\.6\./);
    expect(await leased(before)).toBeUndefined();
  });

  test('ten keepers on ten subnets all get one; an eleventh is told, and waits', async () => {
    const config = { SubnetMin: '10.5.1.0', SubnetMax: '10.5.10.0' };
    const stack = new AsyncDisposableStack();
    try {
      const all = Array.from({ length: 10 }, (_, index) =>
        stack.use(keep(host(`n${index}`, `192.168.77.${index + 1}`), { config })),
      );
      const subnets = await Promise.all(all.map(({ subnet }) => subnet));
      expect(new Set(subnets.map(subnetsText)).size).toBe(10);
      const late = stack.use(keep(host('late', '192.168.77.99'), { config }));
      await until(() => late.problems.length > 0, { what: 'the eleventh is told' });
      expect(late.problems[0]).toBe('out of subnets: 10 leases leave no free /24 from 10.5.1.0 to 10.5.10.0');
      await all[3]?.[Symbol.asyncDispose]();
      const freed = subnets[3]!;
      await fresh.client.delete(subnetKey(PREFIX, freed));
      expect(subnetsText(await late.subnet)).toBe(subnetsText(freed));
    } finally {
      await stack.disposeAsync();
    }
  });

  const presenceOf = (nodeId: string, publicIp: string): FlannelPresence => ({
    v: 1,
    nodeId,
    hostname: 'twin',
    version: '1',
    pid: 1,
    startedAtUnixMs: 0,
    publicIp,
    subnet: '10.5.8.0/24',
    backendType: 'vxlan',
    vni: 1,
    vtepMac: MAC,
    mtu: 1450,
  });

  test.each([
    {
      name: 'our public IP',
      twin: host('twin'),
      want: 'the live host twin (twin) has the same public IP 192.168.77.11 as this host here (a): give one of them another --public-ip or --iface',
    },
    {
      name: 'our node id',
      twin: host('a', '192.168.77.66'),
      want: "the live host twin at 192.168.77.66 has the same node id as this host here (a) at 192.168.77.11: remove node-id from this host's --state-dir if its disk was copied",
    },
  ])('nothing is taken from a live host with $name', async ({ twin, want }) => {
    const lease: Lease = { subnets: ipv4Only('10.5.8.0/24'), backend: BACKEND, ...twin };
    const key = subnetKey(PREFIX, lease.subnets);
    await fresh.client.put({ key, value: encodeLease(lease) });
    const sign = flannelPresenceKey(twin.nodeId);
    await fresh.client.put({ key: sign, value: JSON.stringify(presenceOf(twin.nodeId, addressText(twin))) });
    await using kept = keep(host('a'));
    await until(() => kept.problems.length > 0, { what: 'it is told' });
    expect([kept.problems, (await fresh.client.get(key))?.value]).toEqual([[want], encodeLease(lease)]);
    await fresh.client.delete(sign);
    expect(subnetsText(await kept.subnet)).toBe('10.5.8.0/24');
    expect(kept.problems.at(-1)).toBeUndefined();
  });
});
