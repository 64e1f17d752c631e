import { lookup } from 'node:dns/promises';
import ipaddr from 'ipaddr.js';

/** An address that a channel must not reach; one sentence for a person. */
export class TargetRefused extends Error {
  override readonly name = 'TargetRefused';
}

/** Networks that may be reached although they are not public, such as `10.0.0.0/8`. */
export interface TargetPolicy {
  readonly allowed: readonly string[];
}

/** One address that was looked up and judged; the connection goes there and nowhere else. */
export interface PinnedTarget {
  readonly hostname: string;
  readonly address: string;
  readonly family: 4 | 6;
}

/** Looks a name up; a seam for names that a test makes. */
export type Resolve = (hostname: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

const resolveName: Resolve = async (hostname) => await lookup(hostname, { all: true, order: 'verbatim' });

/** Gives a look-up up when the signal aborts; what it says afterwards is dropped. @throws the signal's reason. */
export function resolvingWithin(signal: AbortSignal, resolve: Resolve = resolveName): Resolve {
  return async (hostname) => {
    signal.throwIfAborted();
    const { promise: ended, reject } = Promise.withResolvers<never>();
    const end = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', end, { once: true });
    try {
      return await Promise.race([resolve(hostname), ended]);
    } finally {
      signal.removeEventListener('abort', end);
    }
  };
}

/** @throws {RangeError} for a text that is no network. */
export function parseNetwork(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  try {
    return text.includes('/') ? ipaddr.parseCIDR(text) : [ipaddr.process(text), text.includes(':') ? 128 : 32];
  } catch {
    throw new RangeError(`${JSON.stringify(text)} is no network: expected an address or a CIDR such as 10.0.0.0/8`);
  }
}

function isAllowed(address: ipaddr.IPv4 | ipaddr.IPv6, { allowed }: TargetPolicy): boolean {
  return allowed.some((text) => {
    const [network, bits] = parseNetwork(text);
    return network.kind() === address.kind() && address.match(network, bits);
  });
}

/** Why an address must not be reached, or `undefined`: only public unicast is, and what the policy allows. */
function complaintOf(text: string, policy: TargetPolicy): string | undefined {
  if (!ipaddr.isValid(text)) return `${text} is no address`;
  // An IPv4 address in IPv6 clothes is judged as what it is.
  const address = ipaddr.process(text);
  if (isAllowed(address, policy)) return undefined;
  const range = address.range();
  return range === 'unicast'
    ? undefined
    : `${text} is not a public address (${range}); allow it with --allow-private-targets`;
}

/**
 * Looks a host up once and judges all its addresses: one bad one among them refuses the name. What is connected to is the address
 * that was judged, so a name that changes its mind gains nothing. @throws {TargetRefused}
 */
export async function pinTarget(
  host: string,
  policy: TargetPolicy,
  resolve: Resolve = resolveName,
): Promise<PinnedTarget> {
  const hostname = host.replace(/^\[(.*)\]$/, '$1');
  const found = ipaddr.isValid(hostname)
    ? [{ address: hostname, family: hostname.includes(':') ? 6 : 4 }]
    : await resolve(hostname);
  const [first] = found;
  if (first === undefined) throw new TargetRefused(`${hostname} has no address`);
  for (const { address } of found) {
    const complaint = complaintOf(address, policy);
    if (complaint !== undefined)
      throw new TargetRefused(hostname === address ? complaint : `${hostname}: ${complaint}`);
  }
  return { hostname, address: first.address, family: first.family === 6 ? 6 : 4 };
}

/** What an operator names by address on the command line or in a file is meant: that address and no other is allowed. */
export function policyFor(host: string, policy: TargetPolicy): TargetPolicy {
  const hostname = host.replace(/^\[(.*)\]$/, '$1');
  if (hostname === 'localhost') return { allowed: [...policy.allowed, '127.0.0.1', '::1'] };
  return ipaddr.isValid(hostname) ? { allowed: [...policy.allowed, hostname] } : policy;
}
