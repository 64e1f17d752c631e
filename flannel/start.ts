import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { EtcdClient } from '../native/etcd/client.ts';
import { keepPresence } from '../native/etcd/presence.ts';
import { HostFileError } from '../native/host/atomic-file.ts';
import type { Clock, RandomSource } from '../native/host/clock.ts';
import { FatalError } from '../native/host/lifecycle.ts';
import type { Logger } from '../native/host/log.ts';
import { readOrCreateNodeId } from '../native/host/node-id.ts';
import { packageVersion } from '../native/host/package-root.ts';
import { startStatusServer, type StatusServer } from '../native/host/status-server.ts';
import { formatCidr4 } from '../native/net/cidr.ts';
import { formatIpv4 } from '../native/net/ipv4.ts';
import { locallyAdministeredMac, type MacAddress } from '../native/net/mac.ts';
import { openRouteSocket } from '../native/netlink/socket.ts';
import { OverlayAgent } from './agent.ts';
import { deviceName, overlayMtu } from './backends/vxlan.ts';
import type { FlannelConfig } from './config.ts';
import { OverlayKernel } from './io/kernel.ts';
import { LeaseStore } from './io/lease-store.ts';
import { readVtepMac, writeVtepMac } from './io/state.ts';
import { readPreviousSubnet } from './io/subnet-env-file.ts';
import { LeaseFeed } from './lease-feed.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { metricsOf } from './metrics.ts';
import { chooseUnderlay, InterfaceChoiceError, type Underlay } from './model/interface-choice.ts';
import type { NetworkConfig } from './model/network-config.ts';
import { awaitNetworkConfig } from './network-config-source.ts';
import { FlannelStatus } from './status.ts';
import { together } from './together.ts';
import { configKey, flannelPresenceKey, PRESENCE_TTL_SECONDS, type FlannelPresence } from './wire.ts';

export interface StartParts {
  readonly config: FlannelConfig;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly startedAtUnixMs: number;
}

const CAP_NET_ADMIN = 12n;
/** How long etcd is given to show the hosts again before more than half of the peers go. */
const CONFIRM_REMOVALS_AFTER_MS = 10_000;

/** @throws {FatalError} if the kernel would refuse everything. */
async function requireNetAdmin(): Promise<void> {
  const status = await readFile('/proc/self/status', 'utf8');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  if (((effective >> CAP_NET_ADMIN) & 1n) === 1n) return;
  throw new FatalError('cannot change the network: CAP_NET_ADMIN is missing; run weft flanneld as root');
}

async function onStateFolder<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof HostFileError)) throw error;
    throw new FatalError(`${error.message}; name a writable folder with --state-dir`, { cause: error });
  }
}

async function readTlsFile(path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FatalError(`cannot read the etcd TLS file ${path}: ${why}`, { exitCode: 2, cause });
  }
}

async function etcdClient(config: FlannelConfig, clock: Clock): Promise<EtcdClient> {
  const { etcdUsername: username, etcdPassword: password } = config;
  return new EtcdClient({
    endpoints: config.etcdEndpoints,
    tls: {
      ca: await readTlsFile(config.etcdCafile),
      cert: await readTlsFile(config.etcdCertfile),
      key: await readTlsFile(config.etcdKeyfile),
    },
    ...(username !== undefined && password !== undefined ? { auth: { username, password } } : {}),
    clock,
  });
}

async function underlayOf(kernel: OverlayKernel, config: FlannelConfig, signal: AbortSignal): Promise<Underlay> {
  try {
    return chooseUnderlay(await kernel.readHost(signal), { iface: config.iface, publicIp: config.publicIp });
  } catch (error) {
    if (error instanceof InterfaceChoiceError) throw new FatalError(error.message, { cause: error });
    throw error;
  }
}

/** The MAC of the run before, else that of the device a flanneld left here, else a new one; kept before anybody is told. */
async function vtepMacOf(
  parts: { kernel: OverlayKernel; stateDir: string; network: NetworkConfig },
  signal: AbortSignal,
): Promise<MacAddress> {
  const { kernel, stateDir, network } = parts;
  const { vni } = network.backend;
  const known = await onStateFolder(readVtepMac(stateDir, vni));
  if (known !== undefined) return known;
  const device = await kernel.findLink(deviceName(network), signal);
  const mac = (device?.kind === 'vxlan' ? device.mac : undefined) ?? locallyAdministeredMac(randomBytes(6));
  await onStateFolder(writeVtepMac(stateDir, vni, mac));
  return mac;
}

async function statusServer(config: FlannelConfig, status: FlannelStatus): Promise<StatusServer | undefined> {
  const { healthzIp: host, healthzPort: port } = config;
  if (port === 0) return undefined;
  return startStatusServer(
    { unhealthy: () => undefined, unready: () => status.unready(), metrics: metricsOf(status) },
    { host, port, setting: '--healthz-port' },
  );
}

/** Runs the overlay agent until the signal aborts; nothing is taken out of the kernel then. @throws {FatalError}; the signal's reason. */
export async function startAgent(parts: StartParts, signal: AbortSignal): Promise<never> {
  const { config, clock, random, log } = parts;
  const { stateDir, subnetFile } = config;
  await requireNetAdmin();
  const status = new FlannelStatus(log);
  await using server = await statusServer(config, status);
  using client = await etcdClient(config, clock);
  await using socket = openRouteSocket({ random });
  const kernel = new OverlayKernel(socket);
  const nodeId = await onStateFolder(readOrCreateNodeId(stateDir));
  const underlay = await underlayOf(kernel, config, signal);
  const self = { nodeId, publicIp: underlay.publicIp };
  log.info({ nodeId, interface: underlay.name, address: formatIpv4(underlay.address) }, 'starting');
  const store = new LeaseStore({
    client,
    prefix: config.etcdPrefix,
    onJunk: (error) => {
      log.warn({ key: error.key, reason: error.message }, 'key under the subnets prefix holds no lease; ignored');
    },
  });
  const feed = new LeaseFeed(store, status);

  const overlay = async (running: AbortSignal): Promise<never> => {
    const key = configKey(config.etcdPrefix);
    const network = await awaitNetworkConfig({ store, key, underlay, status, clock, random }, running);
    warnOfLimits(network, log);
    const vtepMac = await vtepMacOf({ kernel, stateDir, network }, running);
    const leases = await feed.first;
    const marginSeconds = config.subnetLeaseRenewMargin * 60;
    const keeper = new LeaseKeeper({
      store,
      config: network,
      self,
      vtepMac,
      marginSeconds,
      clock,
      random,
      log: log.child({ module: 'lease' }),
      onProblem: (problem) => {
        status.lease(problem);
      },
    });
    const previous = await readPreviousSubnet(subnetFile).catch(() => undefined); // told when it cannot be written
    const subnet = await keeper.acquire([...leases.values()], previous, running);
    status.leaseSecondsLeft = () => keeper.secondsLeft;
    status.reached('leaseHeld');
    log.info({ subnet: formatCidr4(subnet), vtepMac }, 'subnet leased');
    const agent = new OverlayAgent({
      ...parts,
      kernel,
      feed,
      store,
      config: network,
      self,
      subnet,
      vtepMac,
      underlay,
      subnetFile,
      resyncMs: config.resync,
      confirmAfterMs: CONFIRM_REMOVALS_AFTER_MS,
      status,
      log: log.child({ module: 'overlay' }),
    });
    feed.listen((update, known) => {
      keeper.observe(known, update);
      agent.onLeases(update, known);
    });
    const presence: FlannelPresence = {
      v: 1,
      nodeId,
      hostname: hostname(),
      version: packageVersion(),
      pid: process.pid,
      startedAtUnixMs: parts.startedAtUnixMs,
      publicIp: formatIpv4(self.publicIp),
      subnet: formatCidr4(subnet),
      backendType: 'vxlan',
      vni: network.backend.vni,
      vtepMac,
      mtu: overlayMtu(network, underlay),
      ...(server === undefined ? {} : { statusListen: server.listen }),
    };
    return together(
      [
        (s) => agent.run(s),
        (s) => agent.watchKernel(s),
        (s) => agent.resync(s),
        (s) => keeper.run(s),
        (s) =>
          keepPresence(
            {
              client,
              key: flannelPresenceKey(nodeId),
              value: () => JSON.stringify({ ...presence, mtu: status.levels.mtuBytes || presence.mtu }),
              ttlSeconds: PRESENCE_TTL_SECONDS,
              clock,
              random,
            },
            s,
          ),
      ],
      running,
    );
  };
  return await together([(s) => feed.run(s), overlay], signal);
}

function warnOfLimits({ backend }: NetworkConfig, log: Logger): void {
  if (backend.directRouting) {
    log.warn('DirectRouting is set: this host sends through VXLAN all the same; peers that route directly take both');
  }
  if (backend.vni > 0xffff) log.warn({ vni: backend.vni }, 'flanneld before v0.24.0 cannot read a VNI above 65535');
}
