import { z } from 'zod';

/** Lifetime of an agent's presence key, seconds. */
export const PRESENCE_TTL_SECONDS = 15;

/** Where weft's agents announce themselves. Never below flannel's prefix: its peers watch that as a string prefix. */
export const AGENT_PRESENCE_PREFIX = '/weft/agents/';

/** `/weft/agents/<nodeId>/flannel`. */
export function flannelPresenceKey(nodeId: string): string {
  return `${AGENT_PRESENCE_PREFIX}${nodeId}/flannel`;
}

/** What an overlay agent announces about itself, kept alive by a lease of {@link PRESENCE_TTL_SECONDS}. */
export const flannelPresenceSchema = z.object({
  v: z.literal(1),
  nodeId: z.string().min(1).max(64),
  hostname: z.string().max(253),
  version: z.string().max(64),
  pid: z.number().int(),
  startedAtUnixMs: z.number(),
  /** `0.0.0.0` for a host of IPv6 alone. */
  publicIp: z.string(),
  publicIpv6: z.string().optional(),
  /** IPv4, or IPv6 where that is all there is. */
  subnet: z.string(),
  subnetIpv6: z.string().optional(),
  backendType: z.string(),
  /** 0 for backends without one. */
  vni: z.number().int(),
  /** Empty for backends without one. */
  vtepMac: z.string(),
  mtu: z.number().int(),
  /** `ADDRESS:PORT` of the status server, or absent when it is off. */
  statusListen: z.string().optional(),
});

export type FlannelPresence = z.infer<typeof flannelPresenceSchema>;
