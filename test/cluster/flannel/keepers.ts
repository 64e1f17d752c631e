import { LeaseStore } from '../../../flannel/io/lease-store.ts';
import { ReservationStore } from '../../../flannel/io/reservation-store.ts';
import { LeaseKeeper } from '../../../flannel/lease-keeper.ts';
import type { Self } from '../../../flannel/model/allocate.ts';
import { foldLeases, type KnownLease } from '../../../flannel/model/lease.ts';
import type { LeaseEvent } from '../../../flannel/model/lease-event.ts';
import { parseNetworkConfig } from '../../../flannel/model/network-config.ts';
import type { LeaseBackend, SubnetPair } from '../../../flannel/wire.ts';
import type { EtcdClient } from '../../../native/etcd/client.ts';
import { systemBootMs, systemClock, type Clock } from '../../../native/host/clock.ts';
import { createLogger } from '../../../native/host/log.ts';
import { parseIpv4 } from '../../../native/net/ipv4.ts';
import { parseIpv6 } from '../../../native/net/ipv6.ts';
import { parseMac } from '../../../native/net/mac.ts';

export const PREFIX = '/coreos.com/network';
export const MAC = parseMac('02:00:00:00:00:01');
export const BACKEND: LeaseBackend = { kind: 'vxlan', ipv4: { vni: 1, vtepMac: MAC }, ipv6: undefined };
export const BACKEND_6: LeaseBackend = { kind: 'vxlan', ipv4: undefined, ipv6: { vni: 1, vtepMac: MAC } };

/** A keeper that acquires and then keeps. */
export interface Kept extends AsyncDisposable {
  readonly keeper: LeaseKeeper;
  readonly subnet: Promise<SubnetPair>;
  readonly problems: (string | undefined)[];
  readonly events: LeaseEvent[];
  readonly moves: SubnetPair[];
}

export interface KeepOptions {
  /** Beside `Network` and `Backend`. */
  readonly config?: object;
  readonly previous?: SubnetPair | undefined;
  readonly clock?: Clock;
  readonly bootMs?: () => number;
  readonly ttlSeconds?: number;
  readonly marginSeconds?: number;
  readonly graceMs?: number;
  readonly backend?: LeaseBackend;
  readonly random?: () => number;
  /** Whether it hears what etcd's watch tells, as in an agent. */
  readonly watches?: boolean;
}

export const host = (nodeId: string, publicIp = '192.168.77.11'): Self => ({
  nodeId,
  publicIp: parseIpv4(publicIp),
  publicIpv6: undefined,
});

export const host6 = (nodeId: string, publicIpv6: string): Self => ({
  nodeId,
  publicIp: undefined,
  publicIpv6: parseIpv6(publicIpv6),
});

/** Starts a keeper with stores of its own. */
export function startKeeper(client: EtcdClient, self: Self, options: KeepOptions = {}): Kept {
  const { clock = systemClock, bootMs = systemBootMs, marginSeconds = 3600 } = options;
  const problems: (string | undefined)[] = [];
  const events: LeaseEvent[] = [];
  const moves: SubnetPair[] = [];
  const stop = new AbortController();
  const { ttlSeconds } = options;
  const config = parseNetworkConfig(
    JSON.stringify({ Network: '10.5.0.0/16', Backend: { Type: 'vxlan' }, ...options.config }),
  );
  const store = new LeaseStore({ client, prefix: PREFIX, ttlSeconds, onJunk: () => undefined });
  const keeper = new LeaseKeeper({
    store,
    reservations: new ReservationStore(client),
    hostname: 'here',
    config: () => config,
    self,
    backend: options.backend ?? (self.publicIp === undefined ? BACKEND_6 : BACKEND),
    marginSeconds,
    graceMs: options.graceMs,
    clock,
    bootMs,
    random: options.random ?? Math.random,
    log: createLogger({ name: 'test', level: 'fatal' }),
    onProblem: (problem) => problems.push(problem),
    onEvent: (event) => events.push(event),
    onSubnets: (subnets) => moves.push(subnets),
  });
  const known = new Map<string, KnownLease>();
  const watch =
    options.watches === true
      ? store.watch(
          {
            onState: () => undefined,
            onUpdate: (update) => {
              foldLeases(known, update);
              keeper.observe(known, update);
            },
          },
          stop.signal,
        )
      : undefined;
  watch?.catch(() => undefined);
  const subnet = store.list(stop.signal).then((leases) => keeper.acquire(leases, options.previous, stop.signal));
  const run = subnet.then(() => keeper.run(stop.signal)).catch(() => undefined);
  subnet.catch(() => undefined);
  return {
    keeper,
    subnet,
    problems,
    events,
    moves,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await Promise.allSettled([run, watch]);
    },
  };
}
