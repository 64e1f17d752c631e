import { systemRandom } from '../../native/host/clock.ts';
import { formatIp, isIpv6, parseCidr, parseIp, type Cidr, type IpAddress } from '../../native/net/ip.ts';
import { openRouteSocket } from '../../native/netlink/socket.ts';
import { readBaseChains } from '../io/base-chains.ts';
import { readPacketRoute } from '../io/packet-way.ts';
import { ProgramError, programsOf } from '../io/programs.ts';
import { readIfPresent } from '../io/state.ts';
import type { BaseChain } from '../model/base-chain.ts';
import { NftListingError } from '../model/firewall-nft.ts';
import { placeOf, traceNat, type OverlayPlaces } from '../model/firewall-trace.ts';
import { parseDotenv } from '../model/subnet-env.ts';
import { CommandError, type Command, type CommandInput } from './command.ts';
import { chainsAsked, traceLines, type NatAnswer } from './trace-nat-text.ts';

function addressOf(name: 'SRC' | 'DST', word: string): IpAddress {
  try {
    return parseIp(word);
  } catch (cause) {
    throw new CommandError(`${name}: expected an IP address, got ${JSON.stringify(word)}`, 2, { cause });
  }
}

interface Ends {
  readonly source: IpAddress;
  readonly destination: IpAddress;
}

/** @throws {CommandError} for anything but two addresses of one family. */
function endsOf({ words }: CommandInput): Ends {
  const [from, to, more] = words;
  if (from === undefined || to === undefined || more !== undefined) {
    throw new CommandError('expected two addresses: weft trace-nat SRC DST', 2);
  }
  const [source, destination] = [addressOf('SRC', from), addressOf('DST', to)];
  if (isIpv6(source) === isIpv6(destination)) return { source, destination };
  throw new CommandError(`${from} and ${to} are of two families: no packet has both`, 2);
}

function networkIn(text: string | undefined): Cidr[] {
  try {
    return text === undefined ? [] : [parseCidr(text)];
  } catch {
    return []; // damaged, or several: then the place is not told
  }
}

/** What subnet.env says of the overlay; `undefined` where there is none, or it does not say. */
async function placesOf({ flags, env }: CommandInput): Promise<OverlayPlaces | undefined> {
  const path = flags['subnetFile'] ?? env['FLANNELD_SUBNET_FILE'] ?? '/run/flannel/subnet.env';
  const text = typeof path === 'string' ? await readIfPresent(path) : undefined;
  if (text === undefined) return undefined;
  const values = parseDotenv(text);
  const of = (...names: string[]): Cidr[] => names.flatMap((name) => networkIn(values.get(name)));
  const networks = of('FLANNEL_NETWORK', 'FLANNEL_IPV6_NETWORK');
  return networks.length === 0 ? undefined : { networks, subnets: of('FLANNEL_SUBNET', 'FLANNEL_IPV6_SUBNET') };
}

async function chainsFor({ source }: Ends, signal: AbortSignal): Promise<BaseChain[]> {
  const host = { run: programsOf(), procNet: '/proc/self/net' };
  try {
    return await readBaseChains(host, isIpv6(source) ? 'ipv6' : 'ipv4', signal);
  } catch (cause) {
    if (!(cause instanceof ProgramError || cause instanceof NftListingError)) throw cause;
    throw new CommandError(cause.message, 1, { cause });
  }
}

function answerJson(answer: NatAnswer): object {
  const { source, destination, route, trace } = answer;
  const isAsked = route.kind === 'through' || route.kind === 'from-here';
  return {
    from: source,
    to: destination,
    route: { kind: route.kind, ...route.way },
    chains: chainsAsked(answer),
    forward: route.kind === 'through' ? trace.forward : 'not-asked',
    source: isAsked ? trace.source : 'not-asked',
  };
}

/** `weft trace-nat SRC DST`: which rules of this host's firewalls hit the first packet of such a connection. */
export const traceNatCommand: Command = async ({ input, output, signal }) => {
  const ends = endsOf(input);
  const places = await placesOf(input);
  await using socket = openRouteSocket({ random: systemRandom });
  const route = await readPacketRoute(socket, ends, signal);
  const trace = traceNat(await chainsFor(ends, signal), { ...ends, mark: 0, way: route.way });
  const end = (address: IpAddress): NatAnswer['source'] => ({
    address: formatIp(address),
    place: places && placeOf(address, places),
  });
  const answer = { source: end(ends.source), destination: end(ends.destination), route, trace };
  if (input.flags['json'] === true) output.json(answerJson(answer));
  else for (const line of traceLines(answer, output)) output.line(line);
  return 0;
};
