import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startEtcdCluster, type EtcdCluster, type EtcdClusterMember } from '../../support/etcd-cluster.ts';
import { EtcdProcess } from '../../support/etcd-process.ts';
import { makeUnderlay, type TestUnderlay } from '../../support/netns.ts';
import { until } from '../../support/until.ts';

const PREFIX = '/coreos.com/network/subnets/';

/** The longest time without a good lease operation, milliseconds; and how many failed. */
function worstGap(host: EtcdProcess, sinceMs: number): { readonly gapMs: number; readonly failed: number } {
  let last = sinceMs;
  let gapMs = 0;
  for (const { endedMs, error } of host.beats) {
    if (endedMs < sinceMs || error !== undefined) continue;
    gapMs = Math.max(gapMs, endedMs - last);
    last = endedMs;
  }
  return { gapMs, failed: host.beats.filter(({ endedMs, error }) => endedMs >= sinceMs && error !== undefined).length };
}

interface Fault {
  readonly name: string;
  readonly who: (cluster: EtcdCluster) => Promise<EtcdClusterMember>;
  readonly strike: (member: EtcdClusterMember, cluster: EtcdCluster) => Promise<void> | void;
  readonly mend: (member: EtcdClusterMember, cluster: EtcdCluster) => Promise<void> | void;
}

const FAULTS: readonly Fault[] = [
  {
    name: 'leader kill -9',
    who: (cluster) => cluster.leader(),
    strike: (member) => member.kill(),
    mend: (member) => member.start(),
  },
  {
    name: 'leader SIGSTOP',
    who: (cluster) => cluster.leader(),
    strike: (member) => {
      member.pause();
    },
    mend: (member) => {
      member.resume();
    },
  },
];

describe.each(['leader', 'follower'] as const)('the client is at the %s', (place) => {
  let underlay: TestUnderlay;
  let cluster: EtcdCluster;
  beforeEach(async () => {
    underlay = await makeUnderlay({ hosts: 2 });
    cluster = await startEtcdCluster({ fabric: underlay.fabric, tls: 'mutual', auth: true });
  });
  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    await underlay[Symbol.asyncDispose]();
  });

  async function hostAt(member: EtcdClusterMember, hostIndex: number): Promise<EtcdProcess> {
    const first = member.endpoint;
    const others = cluster.members.map(({ endpoint }) => endpoint).filter((endpoint) => endpoint !== first);
    return EtcdProcess.start(underlay.hosts[hostIndex]!.namespace.name, {
      endpoints: [first, ...others],
      tls: cluster.tls,
      auth: { username: cluster.user!.name, password: cluster.user!.password },
    });
  }

  test.each(FAULTS)('$name', async ({ name, who, strike, mend }) => {
    const victim = await who(cluster);
    const others = cluster.members.filter((member) => member !== victim);
    await using host = await hostAt(place === 'leader' ? victim : others[0]!, 0);
    await using writer = await hostAt(others[1]!, 1);
    await host.watch(PREFIX);
    await host.run({ do: 'beat', key: `${PREFIX}10.5.1.0-24`, everyMs: 20 });
    await until(() => host.beats.length > 5, { what: 'lease operations' });
    const acks = new Map<string, number>();
    const write = async (value: string): Promise<void> => {
      acks.set(`${PREFIX}10.5.2.0-24=${value}`, await writer.put(`${PREFIX}10.5.2.0-24`, value));
    };
    await write('before');
    const struckMs = performance.timeOrigin + performance.now();
    await strike(victim, cluster);
    let number = 0;
    await until(
      async () => {
        await write(String((number += 1))).catch(() => undefined);
        return performance.timeOrigin + performance.now() > struckMs + 8_000;
      },
      { what: '8 s of writes', timeoutMs: 20_000 },
    );
    await mend(victim, cluster);
    await write('after');
    await until(() => [...acks.keys()].every((text) => host.arrivals(PREFIX).has(text)), { what: 'all events' });
    const arrivals = host.arrivals(PREFIX);
    const lateMs = Math.max(...[...acks].map(([text, ackedMs]) => arrivals.get(text)! - ackedMs));
    const { gapMs, failed } = worstGap(host, struckMs);
    process.stdout.write(
      `${name}, client at the ${place}: lease operations back in ${Math.round(gapMs)} ms (${failed} failed rounds), events ${Math.round(lateMs)} ms late, ${acks.size} events\n`,
    );
    expect(host.reasons(PREFIX)).toEqual(['start']);
    expect(gapMs).toBeLessThan(10_000);
    expect(lateMs).toBeLessThan(10_000);
  });
});
