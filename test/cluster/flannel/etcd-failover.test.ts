import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEtcdCluster, type EtcdCluster, type EtcdClusterMember } from '../../support/etcd-cluster.ts';
import { EtcdProcess } from '../../support/etcd-process.ts';
import { makeUnderlay, type TestUnderlay } from '../../support/netns.ts';
import { until } from '../../support/until.ts';

const PREFIX = '/coreos.com/network/subnets/';
const KEY = `${PREFIX}10.5.2.0-24`;
/** How long etcd is written to after a blow. */
const WATCHED_MS = 7_000;

const nowMs = (): number => performance.timeOrigin + performance.now();

/** What an outage costs a host: the longest time without a good lease operation, and how many rounds failed. */
function costOf(host: EtcdProcess, sinceMs: number): { readonly gapMs: number; readonly failed: number } {
  const since = host.beats.filter(({ endedMs }) => endedMs >= sinceMs);
  let last = sinceMs;
  let gapMs = 0;
  for (const { endedMs, error } of since) {
    if (error !== undefined) continue;
    gapMs = Math.max(gapMs, endedMs - last);
    last = endedMs;
  }
  return { gapMs: Math.round(gapMs), failed: since.filter(({ error }) => error !== undefined).length };
}

interface Blow {
  readonly name: string;
  readonly strike: (member: EtcdClusterMember, cluster: EtcdCluster) => Promise<void> | void;
  readonly mend: (member: EtcdClusterMember, cluster: EtcdCluster) => Promise<void> | void;
  /** Generous: the machine may be busy. The figures are printed. */
  readonly operationsWithinMs: number;
  readonly eventsWithinMs: number;
}

const KILL: Blow = {
  name: 'kill -9',
  strike: (member) => member.kill(),
  mend: (member) => member.start(),
  operationsWithinMs: 6_000,
  eventsWithinMs: 9_000,
};
const STOP: Blow = {
  name: 'SIGSTOP',
  strike: (member) => {
    member.pause();
  },
  mend: (member) => {
    member.resume();
  },
  operationsWithinMs: 6_000,
  eventsWithinMs: 9_000,
};
const UNPLUG: Blow = {
  name: 'cut from everybody',
  strike: (member) => {
    member.unplug();
  },
  mend: (member) => {
    member.plug();
  },
  operationsWithinMs: 6_000,
  eventsWithinMs: 9_000,
};
const SEPARATE: Blow = {
  name: 'cut from the other members',
  strike: (member, cluster) => {
    cluster.separate(member);
  },
  mend: (member, cluster) => {
    cluster.rejoin(member);
  },
  operationsWithinMs: 6_000,
  eventsWithinMs: 12_000,
};

const CASES = [
  { ...KILL, victim: 'leader', at: 'leader' },
  { ...KILL, victim: 'leader', at: 'follower' },
  { ...KILL, victim: 'follower', at: 'follower' },
  { ...STOP, victim: 'leader', at: 'leader' },
  { ...STOP, victim: 'leader', at: 'follower' },
  { ...STOP, victim: 'follower', at: 'follower' },
  { ...UNPLUG, victim: 'leader', at: 'leader' },
  { ...SEPARATE, victim: 'leader', at: 'leader' },
  { ...SEPARATE, victim: 'follower', at: 'follower' },
] as const;

describe('three members with TLS and users, one of them struck', () => {
  let underlay: TestUnderlay;
  let cluster: EtcdCluster;
  beforeAll(async () => {
    underlay = await makeUnderlay({ hosts: 2 });
    cluster = await startEtcdCluster({ fabric: underlay.fabric, tls: 'mutual', auth: true });
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    await underlay[Symbol.asyncDispose]();
  });

  /** A host whose client starts at that member. */
  async function hostAt(member: EtcdClusterMember, number: 0 | 1): Promise<EtcdProcess> {
    const others = cluster.members.filter((other) => other !== member);
    return EtcdProcess.start(underlay.hosts[number]!.namespace.name, {
      endpoints: [member, ...others].map(({ endpoint }) => endpoint),
      tls: cluster.tls,
      auth: { username: cluster.user!.name, password: cluster.user!.password },
    });
  }

  test.each(CASES)('the $victim: $name, the client at the $at', async (blow) => {
    const leader = await cluster.leader();
    const [firstFollower, secondFollower] = await cluster.followers();
    const victim = blow.victim === 'leader' ? leader : firstFollower!;
    const place = blow.victim === blow.at ? victim : secondFollower!;
    const safe = cluster.members.find((member) => member !== victim && member !== place)!;
    await using host = await hostAt(place, 0);
    await using writer = await hostAt(safe, 1);
    await host.watch(PREFIX);
    await host.run({ do: 'beat', key: `${PREFIX}10.5.1.0-24`, everyMs: 20 });
    await until(() => host.beats.length > 5, { what: 'lease operations' });
    const acknowledged = new Map<string, number>();
    const write = async (value: string): Promise<void> => {
      acknowledged.set(`${KEY}=${value}`, await writer.put(KEY, value));
    };
    const struckAtMs = nowMs();
    await blow.strike(victim, cluster);
    for (let number = 1; nowMs() < struckAtMs + WATCHED_MS; number += 1) {
      await write(String(number)).catch(() => undefined);
    }
    await blow.mend(victim, cluster);
    await until(() => write('after').then(() => true), { what: 'etcd takes writes' });
    await until(() => [...acknowledged.keys()].every((text) => host.arrivals(PREFIX).has(text)), {
      what: 'every event that was acknowledged',
      timeoutMs: 20_000,
    });
    const arrivals = host.arrivals(PREFIX);
    const lateMs = Math.round(Math.max(...[...acknowledged].map(([text, ms]) => arrivals.get(text)! - ms)));
    const { gapMs, failed } = costOf(host, struckAtMs);
    process.stdout.write(
      `${blow.victim} ${blow.name}, client at the ${blow.at}: lease operations back in ${gapMs} ms (${failed} rounds failed), ` +
        `events up to ${lateMs} ms late (${acknowledged.size} of them)\n`,
    );
    expect(host.reasons(PREFIX)).toEqual(['start']);
    expect(gapMs).toBeLessThan(blow.operationsWithinMs);
    expect(lateMs).toBeLessThan(blow.eventsWithinMs);
  });
});
