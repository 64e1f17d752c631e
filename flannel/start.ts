import { readFile } from 'node:fs/promises';
import { ownHeap, tidyHeap } from '../native/host/heap-tidy.ts';
import { FatalError } from '../native/host/lifecycle.ts';
import { readOrCreateNodeId } from '../native/host/node-id.ts';
import { packageVersion } from '../native/host/package-root.ts';
import { NETLINK } from '../native/netlink/message.ts';
import { openNetlink, openRouteSocket } from '../native/netlink/socket.ts';
import { openEtcd } from './io/etcd-client.ts';
import { EventHook, requireHook } from './io/hook.ts';
import { OverlayKernel } from './io/kernel.ts';
import { LeaseStore } from './io/lease-store.ts';
import { onStateFolder } from './io/state.ts';
import { WireguardControl } from './io/wireguard-control.ts';
import { LeaseFeed } from './lease-feed.ts';
import { requireInterface } from './network-config-source.ts';
import { runOverlay } from './overlay-session.ts';
import type { StartParts } from './start-parts.ts';
import { startStatusListeners } from './status-listeners.ts';
import { FlannelStatus } from './status.ts';
import { tellSupervisor } from './supervisor-notice.ts';
import { together } from './together.ts';

const CAP_NET_ADMIN = 12n;

/** @throws {FatalError} if the kernel would refuse everything. */
async function requireNetAdmin(): Promise<void> {
  const status = await readFile('/proc/self/status', 'utf8');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  if (((effective >> CAP_NET_ADMIN) & 1n) === 1n) return;
  throw new FatalError('cannot change the network: CAP_NET_ADMIN is missing; run weft flanneld as root');
}

/** Runs the overlay agent until the signal aborts; nothing is taken out of the kernel then. @throws {FatalError}; the signal's reason. */
export async function startAgent(parts: StartParts, signal: AbortSignal): Promise<never> {
  const { config, clock, random, log, startedAtUnixMs } = parts;
  await requireNetAdmin();
  await requireHook(config.hook);
  const status = new FlannelStatus(log);
  await using listeners = await startStatusListeners({ ...config, status, startedAtUnixMs, log });
  using client = await openEtcd(config, {
    clock,
    random,
    log,
    onRequest: (request) => {
      status.etcdRequests.observe(request);
    },
  });
  await using socket = openRouteSocket({ random });
  await using quickSocket = openRouteSocket({ random });
  await using generic = openNetlink({ protocol: NETLINK.GENERIC, random });
  const kernel = new OverlayKernel(socket, quickSocket, new WireguardControl(generic, clock));
  const nodeId = await onStateFolder(readOrCreateNodeId(config.stateDir));
  await requireInterface(kernel, config, signal);
  log.info({ nodeId, version: packageVersion() }, 'starting');
  status.sources.etcd = () => ({
    endpoint: client.endpoint?.url,
    endpoints: config.etcdEndpoints.map(({ url }) => url),
    prefix: config.etcdPrefix,
  });
  const store = new LeaseStore({
    client,
    prefix: config.etcdPrefix,
    onJunk: (error) => {
      log.warn({ key: error.key, reason: error.message }, 'key under the subnets prefix holds no lease; ignored');
    },
  });
  const feed = new LeaseFeed({ store, status, clock });
  const hook = config.hook === undefined ? undefined : new EventHook({ path: config.hook, clock, log });
  const host = { ...parts, status, client, kernel, store, feed, hook, nodeId, statusListen: listeners.listen };
  const heap = ownHeap();
  const tidy = heap === undefined ? [] : [(s: AbortSignal) => tidyHeap(heap, clock, s)];
  const { notifySocket: path } = config;
  const notice = { ...parts, ready: status.subnetFileWritten };
  const tell = path === undefined ? [] : [(s: AbortSignal) => tellSupervisor({ ...notice, path }, s)];
  // The list is under way while the configuration is read.
  return await together([(s) => feed.run(s), (s) => runOverlay(host, s), ...tidy, ...tell], signal);
}
