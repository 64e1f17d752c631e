import { hostname } from 'node:os';
import type { EtcdClient } from '../native/etcd/client.ts';
import { keepPresence } from '../native/etcd/presence.ts';
import { systemBootMs } from '../native/host/clock.ts';
import { packageVersion } from '../native/host/package-root.ts';
import { formatCidr4 } from '../native/net/cidr.ts';
import { formatIpv4 } from '../native/net/ipv4.ts';
import { formatCidr6, formatIpv6 } from '../native/net/ipv6.ts';
import type { MacAddress } from '../native/net/mac.ts';
import type { AgentOptions } from './agent-parts.ts';
import { OverlayAgent } from './agent.ts';
import { watchConflicts } from './conflict-watch.ts';
import { ConfigFollower } from './config-follower.ts';
import { deviceKeys, ownBackend, type DeviceKeys } from './device-keys.ts';
import { subnetEnvMtu } from './backends/mtus.ts';
import type { EventHook } from './io/hook.ts';
import type { OverlayKernel } from './io/kernel.ts';
import type { LeaseStore } from './io/lease-store.ts';
import { ReservationStore } from './io/reservation-store.ts';
import { readPreviousSubnets } from './io/subnet-env-file.ts';
import type { LeaseFeed } from './lease-feed.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import type { Self } from './model/allocate.ts';
import { hookEnvironment } from './model/hook-environment.ts';
import { subnetsText } from './model/lease-text.ts';
import type { NetworkConfig } from './model/network-config.ts';
import { awaitNetwork, type JoinedNetwork } from './network-config-source.ts';
import { OverlayFirewall } from './overlay-firewall.ts';
import type { StartParts } from './start-parts.ts';
import { tellFacts } from './status-facts.ts';
import type { FlannelStatus } from './status.ts';
import { SubnetChanges } from './subnet-changes.ts';
import { together } from './together.ts';
import { UnderlayFollower } from './underlay-follower.ts';

import { configKey, type PerFamily, type SubnetPair } from './wire.ts';
import { flannelPresenceKey, PRESENCE_TTL_SECONDS, type FlannelPresence } from './presence-wire.ts';

/** What stands open while the agent runs. */
export interface OverlayHost extends StartParts {
  readonly client: EtcdClient;
  readonly kernel: OverlayKernel;
  readonly store: LeaseStore;
  readonly feed: LeaseFeed;
  readonly status: FlannelStatus;
  readonly hook: EventHook | undefined;
  readonly nodeId: string;
  /** `ADDRESS:PORT` of the status server; `undefined` when it is off. */
  readonly statusListen: string | undefined;
}

/** What the host has once it is part of the overlay. */
interface Membership {
  readonly network: () => NetworkConfig;
  readonly macs: PerFamily<MacAddress>;
  readonly subnets: SubnetPair;
  readonly follower: UnderlayFollower;
}

/** Longer than the longest pause between two attempts of a host to reach etcd again, twice over. */
const CONFIRM_REMOVALS_AFTER_MS = 30_000;

const NO_SUBNETS: SubnetPair = { ipv4: undefined, ipv6: undefined };

function warnOfLimits({ backend }: NetworkConfig, { log }: OverlayHost): void {
  if (backend.kind === 'vxlan' && backend.vni > 0xffff) {
    log.warn({ vni: backend.vni }, 'flanneld before v0.24.0 cannot read a VNI above 65535');
  }
}

function selfOf({ nodeId }: OverlayHost, { publicIp, publicIpv6 }: UnderlayFollower['current']): Self {
  return { nodeId, publicIp, publicIpv6 };
}

function optionsOf({ config }: OverlayHost): AgentOptions {
  return {
    subnetFile: config.subnetFile,
    resyncMs: config.resync,
    confirmAfterMs: CONFIRM_REMOVALS_AFTER_MS,
    nexthopObjects: config.nexthopObjects,
    blackhole: config.ipBlackholeRoute ? 'on' : 'off',
    mtuRule: config.strictMtu ? 'strict' : 'flannel',
    ipMasq: config.ipMasq,
  };
}

/** What this host says of itself. */
function presenceOf(host: OverlayHost, { macs, subnets, follower, ...membership }: Membership): FlannelPresence {
  const network = membership.network();
  const { publicIp, publicIpv6 } = follower.current;
  const { ipv4, ipv6 } = subnets;
  const subnet6 = ipv6 && formatCidr6(ipv6);
  return {
    v: 1,
    nodeId: host.nodeId,
    hostname: hostname(),
    version: packageVersion(),
    pid: process.pid,
    startedAtUnixMs: host.startedAtUnixMs,
    publicIp: publicIp === undefined ? '0.0.0.0' : formatIpv4(publicIp),
    ...(publicIpv6 === undefined ? {} : { publicIpv6: formatIpv6(publicIpv6) }),
    subnet: ipv4 === undefined ? (subnet6 ?? '') : formatCidr4(ipv4),
    ...(subnet6 === undefined ? {} : { subnetIpv6: subnet6 }),
    backendType: network.backend.kind,
    vni: network.backend.kind === 'vxlan' ? network.backend.vni : 0,
    vtepMac: macs.ipv4 ?? macs.ipv6 ?? '',
    mtu: subnetEnvMtu(network, follower.current, 'flannel'),
    ...(host.statusListen === undefined ? {} : { statusListen: host.statusListen }),
  };
}

/** Shows this host under /weft/agents for as long as it runs. */
async function showPresence(host: OverlayHost, membership: Membership, signal: AbortSignal): Promise<never> {
  const { client, nodeId, clock, random, log, status } = host;
  return keepPresence(
    {
      client,
      key: flannelPresenceKey(nodeId),
      value: () => JSON.stringify(presenceOf(host, membership)),
      ttlSeconds: PRESENCE_TTL_SECONDS,
      clock,
      random,
      onError: (error) => {
        log.debug({ reason: error.message }, 'presence is not shown now');
        // Unlike an outage, which is told elsewhere, this stays until somebody does something.
        if (error.code === 'PERMISSION_DENIED') status.presence(error.message);
      },
      onShown: () => {
        status.presence(undefined);
      },
    },
    signal,
  );
}

function keeperOf(
  host: OverlayHost,
  joined: JoinedNetwork & { readonly keys: DeviceKeys; readonly config: () => NetworkConfig },
  changes: SubnetChanges,
): LeaseKeeper {
  return new LeaseKeeper({
    ...host,
    self: selfOf(host, joined.choice.underlay),
    config: joined.config,
    backend: ownBackend(joined.network, joined.keys),
    marginSeconds: host.config.subnetLeaseRenewMargin * 60,
    hostname: hostname(),
    reservations: new ReservationStore(host.client),
    bootMs: systemBootMs,
    log: host.log.child({ module: 'lease' }),
    onEvent: (event) => {
      host.status.leaseEvent(event.kind);
      host.hook?.call(hookEnvironment(event, host.config.subnetFile));
    },
    onSubnets: (subnets) => {
      changes.change(subnets);
    },
    onProblem: (problem) => {
      host.status.lease(problem);
    },
  });
}

/** What outlives a change of subnets. */
interface Joined {
  readonly joined: JoinedNetwork;
  readonly keys: DeviceKeys;
  /** As chosen at the start, and then wherever it was last. */
  underlay: UnderlayFollower['current'];
  readonly keeper: LeaseKeeper;
  readonly configs: ConfigFollower;
  readonly firewall: OverlayFirewall;
}

/** From the network configuration to a subnet, and then everything that keeps it: ends only by the signal. @throws {FatalError}; the signal's reason. */
export async function runOverlay(host: OverlayHost, signal: AbortSignal): Promise<never> {
  const { config, feed, kernel, status, hook } = host;
  const joined = await awaitNetwork({ ...host, key: configKey(config.etcdPrefix) }, signal);
  const { network } = joined;
  warnOfLimits(network, host);
  const keys = await deviceKeys({ ...config, kernel, network }, signal);
  const leases = await feed.first;
  const changes = new SubnetChanges();
  const configs = new ConfigFollower(
    {
      ...host,
      key: configKey(config.etcdPrefix),
      subnets: () => keeper.subnets ?? NO_SUBNETS,
      underlay: () => standing.underlay,
    },
    joined,
  );
  const keeper = keeperOf(host, { ...joined, keys, config: () => configs.network }, changes);
  feed.listen(({ update, leases: known }) => {
    keeper.observe(known, update);
  });
  const previous = await readPreviousSubnets(config.subnetFile).catch(() => undefined); // told when it cannot be written
  const first = await keeper.acquire([...leases.values()], previous, signal);
  status.leaseSecondsLeft = () => keeper.secondsLeft;
  status.reached('leaseHeld');
  const firewall = new OverlayFirewall({ ...host, network }, first);
  const standing: Joined = { joined, keys, underlay: joined.choice.underlay, keeper, configs, firewall };
  return together(
    [
      ...(hook === undefined ? [] : [(s: AbortSignal) => hook.run(s)]),
      (s) => keeper.run(s),
      (s) => configs.run(s),
      (s) => firewall.run(s),
      (s) => changes.run(first, (subnets, each) => runOn({ host, standing, subnets }, each), s),
    ],
    signal,
  );
}

/** Everything that is built on one pair of subnets. */
async function runOn(
  { host, standing, subnets }: { host: OverlayHost; standing: Joined; subnets: SubnetPair },
  signal: AbortSignal,
): Promise<never> {
  const { config, feed, kernel, log, clock } = host;
  const { joined, keys, underlay, keeper, configs, firewall } = standing;
  firewall.move(subnets);
  const { macs } = keys;
  const { network } = configs;
  const { wish, choice } = joined;
  log.info({ subnet: subnetsText(subnets), vtepMac: macs.ipv4 ?? macs.ipv6 }, 'subnet leased');
  const stacks = { ipv4: network.ipv4 !== undefined, ipv6: network.ipv6 !== undefined };
  const onMoved = (moved: UnderlayFollower['current']): void => {
    standing.underlay = moved;
    host.client.reconnect(); // before anything is asked of etcd: nothing comes back to the old address
    keeper.setSelf(moved);
    agent.onMoved(moved);
  };
  const follower = new UnderlayFollower({ kernel, wish, stacks, clock, log, onMoved }, underlay);
  tellFacts(host.status, {
    nodeId: host.nodeId,
    choice,
    network: () => configs.network,
    subnets,
    origin: () => keeper.origin,
    underlay: () => follower.current,
  });
  const agent = new OverlayAgent({
    ...host,
    ...keys,
    network,
    subnets,
    self: selfOf(host, underlay),
    underlay: follower,
    options: optionsOf(host),
    log: log.child({ module: 'overlay' }),
  });
  configs.listen((changed) => {
    agent.onNetwork(changed);
  });
  feed.listen((news) => {
    keeper.observe(news.leases, news.update);
    agent.onLeases(news);
  });
  return together(
    [
      (s) => agent.run(s),
      (s) => agent.watchKernel(s),
      (s) => agent.confirmShortPaths(s),
      (s) => agent.endDepartures(s),
      (s) => agent.resync(s),
      (s) =>
        watchConflicts(
          { ...host, place: () => agent.place(), strangers: agent.strangers, intervalMs: config.resync },
          s,
        ),
      (s) => showPresence(host, { network: () => configs.network, macs, subnets, follower }, s),
    ],
    signal,
  );
}
