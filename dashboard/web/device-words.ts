import type { ContainerView, DevicesView, HostView } from '../wire.ts';

export interface DevicesOf {
  readonly network: ContainerView['network'];
  /** `undefined` before anything was told of the container. */
  readonly told: DevicesView | undefined;
  /** The container's. */
  readonly host: Pick<HostView, 'name' | 'state' | 'agentVersion'> | undefined;
}

/** Why an agent told nothing, or nothing yet. */
function silence({ told, host }: DevicesOf): string | undefined {
  const name = host?.name ?? 'its host';
  if (told?.state === 'told') return undefined;
  if (told?.state === 'untold')
    return `The agent on ${name} (${host?.agentVersion ?? 'of an unknown version'}) does not tell: an agent as new as this dashboard does.`;
  if (host?.state === 'stale') return `The agent on ${name} is silent; nothing was told before.`;
  return `Waiting for the agent on ${name} to tell…`;
}

/** Why there are no interfaces to be shown; `undefined` when there are. */
export function noInterfacesWords(devices: DevicesOf): string | undefined {
  if (devices.network === 'host')
    return 'It uses the network of its host: the traffic of those interfaces is not attributable to it.';
  const silent = silence(devices);
  if (silent !== undefined) return silent;
  const { interfaces } = devices.told ?? {};
  if (interfaces === undefined) return 'Its agent does not know (yet) which network it is in.';
  return interfaces.length === 0 ? 'It has no interface but loopback.' : undefined;
}

/** The same of block devices. */
export function noBlockDevicesWords(devices: DevicesOf): string | undefined {
  const silent = silence(devices);
  if (silent !== undefined) return silent;
  const { blockDevices } = devices.told ?? {};
  if (blockDevices === undefined) return 'The kernel of its host does not count block IO of containers, or not yet.';
  return blockDevices.length === 0 ? 'It read from no block device and wrote to none.' : undefined;
}
