import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { EtcdClient } from '../native/etcd/client.ts';
import { keepPresence } from '../native/etcd/presence.ts';
import type { Logger } from '../native/host/log.ts';
import { packageVersion } from '../native/host/package-root.ts';
import { formatCidr4, type Cidr4 } from '../native/net/cidr.ts';
import { locallyAdministeredMac, type MacAddress } from '../native/net/mac.ts';
import { OverlayAgent } from './agent.ts';
import { deviceName, overlayMtu } from './backends/vxlan.ts';
import type { OverlayKernel } from './io/kernel.ts';
import type { LeaseStore } from './io/lease-store.ts';
import { onStateFolder, readVtepMac, writeVtepMac } from './io/state.ts';
import { readPreviousSubnet } from './io/subnet-env-file.ts';
import type { LeaseFeed } from './lease-feed.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import type { Self } from './model/allocate.ts';
import type { Underlay } from './model/interface-choice.ts';
import { addressText } from './model/lease-text.ts';
import { awaitNetworkConfig, type UsableNetwork } from './network-config-source.ts';
import type { StartParts } from './start-parts.ts';
import type { FlannelStatus } from './status.ts';
import { together } from './together.ts';
import { configKey, flannelPresenceKey, PRESENCE_TTL_SECONDS, type FlannelPresence } from './wire.ts';

/** What stands open while the agent runs. */
export interface OverlayHost extends StartParts {
  readonly client: EtcdClient;
  readonly kernel: OverlayKernel;
  readonly store: LeaseStore;
  readonly feed: LeaseFeed;
  readonly status: FlannelStatus;
  readonly self: Self;
  readonly underlay: Underlay;
  /** `ADDRESS:PORT` of the status server; `undefined` when it is off. */
  readonly statusListen: string | undefined;
}

/** What the host has once it is part of the overlay. */
interface Membership {
  readonly network: UsableNetwork;
  readonly vtepMac: MacAddress;
  readonly subnet: Cidr4;
}

/** How long etcd is given to show the hosts again before more than half of the peers go. */
const CONFIRM_REMOVALS_AFTER_MS = 10_000;

/** The MAC of the run before, else that of the device a flanneld left here, else a new one; kept before anybody is told. */
async function vtepMacOf(host: OverlayHost, network: UsableNetwork, signal: AbortSignal): Promise<MacAddress> {
  const { kernel, config } = host;
  const { vni } = network.backend;
  const known = await onStateFolder(readVtepMac(config.stateDir, vni));
  if (known !== undefined) return known;
  const device = await kernel.findLink(deviceName(network), signal);
  const mac = (device?.kind === 'vxlan' ? device.mac : undefined) ?? locallyAdministeredMac(randomBytes(6));
  await onStateFolder(writeVtepMac(config.stateDir, vni, mac));
  return mac;
}

function warnOfLimits({ backend }: UsableNetwork, log: Logger): void {
  if (backend.directRouting) {
    log.warn('DirectRouting is set: this host sends through VXLAN all the same; peers that route directly take both');
  }
  if (backend.vni > 0xffff) log.warn({ vni: backend.vni }, 'flanneld before v0.24.0 cannot read a VNI above 65535');
}

function keeperOf(host: OverlayHost, network: UsableNetwork, vtepMac: MacAddress): LeaseKeeper {
  return new LeaseKeeper({
    ...host,
    config: network,
    backend: { kind: 'vxlan', ipv4: { vni: network.backend.vni, vtepMac }, ipv6: undefined },
    marginSeconds: host.config.subnetLeaseRenewMargin * 60,
    log: host.log.child({ module: 'lease' }),
    onProblem: (problem) => {
      host.status.lease(problem);
    },
  });
}

function agentOf(host: OverlayHost, { network, vtepMac, subnet }: Membership): OverlayAgent {
  return new OverlayAgent({
    ...host,
    config: network,
    vtepMac,
    subnet,
    subnetFile: host.config.subnetFile,
    resyncMs: host.config.resync,
    confirmAfterMs: CONFIRM_REMOVALS_AFTER_MS,
    log: host.log.child({ module: 'overlay' }),
  });
}

/** Shows this host under /weft/agents for as long as it runs. */
async function showPresence(host: OverlayHost, membership: Membership, signal: AbortSignal): Promise<never> {
  const { client, self, underlay, status, statusListen, startedAtUnixMs, clock, random, log } = host;
  const { network, vtepMac, subnet } = membership;
  const presence = (): FlannelPresence => ({
    v: 1,
    nodeId: self.nodeId,
    hostname: hostname(),
    version: packageVersion(),
    pid: process.pid,
    startedAtUnixMs,
    publicIp: addressText(self),
    subnet: formatCidr4(subnet),
    backendType: 'vxlan',
    vni: network.backend.vni,
    vtepMac,
    mtu: status.levels.mtuBytes || overlayMtu(network, underlay),
    ...(statusListen === undefined ? {} : { statusListen }),
  });
  return keepPresence(
    {
      client,
      key: flannelPresenceKey(self.nodeId),
      value: () => JSON.stringify(presence()),
      ttlSeconds: PRESENCE_TTL_SECONDS,
      clock,
      random,
      onError: (error) => {
        log.debug({ reason: error.message }, 'presence is not shown now');
      },
    },
    signal,
  );
}

/** From the network configuration to a subnet, and then everything that keeps it: ends only by the signal. @throws {FatalError}; the signal's reason. */
export async function runOverlay(host: OverlayHost, signal: AbortSignal): Promise<never> {
  const { config, feed, status, log } = host;
  const key = configKey(config.etcdPrefix);
  const network = await awaitNetworkConfig({ ...host, key }, signal);
  warnOfLimits(network, log);
  const vtepMac = await vtepMacOf(host, network, signal);
  const leases = await feed.first;
  const keeper = keeperOf(host, network, vtepMac);
  const previous = await readPreviousSubnet(config.subnetFile).catch(() => undefined); // told when it cannot be written
  const wish = previous && { ipv4: previous, ipv6: undefined };
  const { ipv4: subnet } = await keeper.acquire([...leases.values()], wish, signal);
  if (subnet === undefined) throw new RangeError('a lease without an IPv4 subnet');
  status.leaseSecondsLeft = () => keeper.secondsLeft;
  status.reached('leaseHeld');
  log.info({ subnet: formatCidr4(subnet), vtepMac }, 'subnet leased');
  const membership = { network, vtepMac, subnet };
  const agent = agentOf(host, membership);
  feed.listen((update, known) => {
    keeper.observe(known, update);
    agent.onLeases(update, known);
  });
  return together(
    [
      (s) => agent.run(s),
      (s) => agent.watchKernel(s),
      (s) => agent.confirmShortPaths(s),
      (s) => agent.resync(s),
      (s) => keeper.run(s),
      (s) => showPresence(host, membership, s),
    ],
    signal,
  );
}
