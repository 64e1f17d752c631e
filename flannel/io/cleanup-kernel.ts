import { NetlinkError } from '../../native/netlink/errors.ts';
import { decodeLink, encodeDelLink, encodeGetLinks, type Link } from '../../native/netlink/link.ts';
import { encodeDelRoute, RT_SCOPE, RT_TABLE_MAIN, type Route } from '../../native/netlink/route.ts';
import type { NetlinkSocket } from '../../native/netlink/socket.ts';
import { isOverlayDevice, type CleanupStep } from '../model/cleanup.ts';
import { readMainRoutes } from './read-routes.ts';
import { RTPROT_WEFT } from './steps.ts';

const FAMILIES = ['ipv4', 'ipv6'] as const;

function linkStep({ name, ifindex, kind = '' }: Link): CleanupStep {
  return { kind: 'delete-link', name, ifindex, linkKind: kind };
}

function routeStep({ destination, gateway, oif, priority, type }: Route, links: readonly Link[]): CleanupStep {
  const device = links.find(({ ifindex }) => ifindex === oif)?.name;
  return { kind: 'delete-route', destination, gateway, oif, device, metric: priority, type };
}

/** Devices of ours, and routes with our mark that do not go with them. @throws {NetlinkError} */
export async function kernelLeftovers(socket: NetlinkSocket, signal: AbortSignal): Promise<CleanupStep[]> {
  const links = await socket.collect(encodeGetLinks(), decodeLink, signal);
  const ours = links.filter(({ name, kind, vxlan }) => isOverlayDevice({ name, kind, vni: vxlan?.vni }));
  const devices = new Set(ours.map(({ ifindex }) => ifindex));
  const routes: CleanupStep[] = [];
  for (const family of FAMILIES) {
    const marked = (await readMainRoutes(socket, { family, protocol: RTPROT_WEFT }, signal)).filter(
      ({ protocol, oif }) => protocol === RTPROT_WEFT && !(oif !== undefined && devices.has(oif)),
    );
    routes.push(...marked.map((route) => routeStep(route, links)));
  }
  return [...ours.map(linkStep), ...routes];
}

type KernelStep = Extract<CleanupStep, { kind: 'delete-link' | 'delete-route' }>;

const GONE = new Set(['ENODEV', 'ESRCH']);

function messageOf(step: KernelStep): Buffer {
  if (step.kind === 'delete-link') return encodeDelLink(step.ifindex);
  const { destination, gateway, oif, metric, type } = step;
  return encodeDelRoute({
    destination,
    gateway,
    oif: gateway === undefined ? undefined : oif,
    table: RT_TABLE_MAIN,
    protocol: RTPROT_WEFT,
    scope: RT_SCOPE.NOWHERE,
    type,
    onlink: false,
    priority: metric,
    nexthopId: undefined,
    prefSource: undefined,
  });
}

/** What is gone already is no error. @throws {NetlinkError}; the signal's reason. */
export async function removeFromKernel(socket: NetlinkSocket, step: KernelStep, signal: AbortSignal): Promise<void> {
  const [outcome] = await socket.transact([messageOf(step)], signal);
  if (outcome === undefined || outcome.errno === 0) return;
  const { errno, kernelMessage } = outcome;
  const operation = step.kind === 'delete-link' ? 'delete link' : 'delete route';
  const target = step.kind === 'delete-link' ? step.name : String(step.device);
  const error = new NetlinkError({ operation, errno, target, kernelMessage });
  if (!GONE.has(error.code)) throw error;
}
