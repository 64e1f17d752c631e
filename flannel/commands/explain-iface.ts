import { systemRandom } from '../../native/host/clock.ts';
import { EtcdError } from '../../native/etcd/errors.ts';
import { formatIp, type IpAddress } from '../../native/net/ip.ts';
import { openRouteSocket } from '../../native/netlink/socket.ts';
import { loadFlannelConfig, type FlannelConfig } from '../config.ts';
import { readStoredConfig } from '../io/config-store.ts';
import { readHostInterfaces } from '../io/host-interfaces.ts';
import type { Rejection } from '../model/host-interfaces.ts';
import {
  chooseUnderlay,
  InterfaceChoiceError,
  targetsOf,
  type InterfaceWish,
  type Stacks,
  type UnderlayChoice,
} from '../model/interface-choice.ts';
import { NetworkConfigError, parseNetworkConfig } from '../model/network-config.ts';
import { configKey } from '../wire.ts';
import { CommandError, type Command, type CommandInput, type Output } from './command.ts';
import { withEtcd } from './etcd.ts';
import { fieldLines, tableLines, type Column } from './table.ts';

const FAMILIES: Readonly<Record<string, Stacks>> = {
  ipv4: { ipv4: true, ipv6: false },
  ipv6: { ipv4: false, ipv6: true },
  dual: { ipv4: true, ipv6: true },
};

interface Question {
  readonly stacks: Stacks;
  /** Where the families come from. */
  readonly from: string;
}

/** The families that the configuration in etcd has, where etcd is named and can be asked; else IPv4, flannel's default. */
async function familiesInEtcd(input: CommandInput, signal: AbortSignal): Promise<Question> {
  const plain = { stacks: { ipv4: true, ipv6: false }, from: 'IPv4 alone, as no --family and no etcd is named' };
  if (input.flags['etcdEndpoints'] === undefined && input.env['FLANNELD_ETCD_ENDPOINTS'] === undefined) return plain;
  try {
    return await withEtcd(input, async (client, { etcdPrefix }) => {
      const key = configKey(etcdPrefix);
      const { text } = await readStoredConfig(client, key, signal);
      if (text === undefined) return { ...plain, from: `IPv4 alone, as there is no ${key}` };
      const { ipv4, ipv6 } = parseNetworkConfig(text);
      return { stacks: { ipv4: ipv4 !== undefined, ipv6: ipv6 !== undefined }, from: key };
    });
  } catch (error) {
    if (!(error instanceof EtcdError || error instanceof NetworkConfigError)) throw error;
    return { ...plain, from: `IPv4 alone, for: ${error.message}` };
  }
}

async function questionOf(input: CommandInput, signal: AbortSignal): Promise<Question> {
  const { family } = input.flags;
  if (family === undefined) return familiesInEtcd(input, signal);
  const stacks = typeof family === 'string' && Object.hasOwn(FAMILIES, family) ? FAMILIES[family] : undefined;
  if (stacks !== undefined) return { stacks, from: '--family' };
  throw new CommandError(`--family: expected ipv4, ipv6 or dual, got ${JSON.stringify(family)}`, 2);
}

/** Flags that are this command's own, or the agent's command line's. */
const NO_SETTINGS = new Set(['json', 'family', 'config', 'version']);

function agentConfig({ flags, env }: CommandInput): FlannelConfig {
  const settings = Object.entries(flags).filter(([name]) => !NO_SETTINGS.has(name));
  const { config: file } = flags;
  const configFile = typeof file === 'string' ? file : undefined;
  return loadFlannelConfig({ flags: Object.fromEntries(settings), env, configFile });
}

function wishOf({ iface, ifaceRegex, ifaceCanReach, publicIp, publicIpv6 }: FlannelConfig): InterfaceWish {
  return { iface, ifaceRegex, ifaceCanReach, publicIp, publicIpv6 };
}

const REJECTED: readonly Column<Rejection>[] = [
  { title: 'NOT TAKEN', value: ({ what }) => what },
  { title: 'BECAUSE', value: ({ why }) => why },
];

function rejectedLines(rejected: readonly Rejection[], { width, paint }: Output): string[] {
  if (rejected.length === 0) return [];
  const table = tableLines(rejected, REJECTED, width);
  return ['', paint('bold', table.header), ...table.rows.flat()];
}

const text = (address: IpAddress | undefined): string | undefined =>
  address === undefined ? undefined : formatIp(address);

function choiceLines({ underlay, because, rejected }: UnderlayChoice, from: string, output: Output): string[] {
  const { name, mtu, ipv4, ipv6, publicIp, publicIpv6 } = underlay;
  const join = (addresses: readonly (IpAddress | undefined)[]): string =>
    addresses.flatMap((address) => text(address) ?? []).join(' and ');
  return [
    ...fieldLines('interface', `${name}, MTU ${mtu}`, output.width).map((line) => output.paint('green', line)),
    ...fieldLines('because', because, output.width),
    ...fieldLines('sends from', join([ipv4, ipv6]), output.width),
    ...fieldLines('peers told', join([publicIp, publicIpv6]), output.width),
    ...fieldLines('families', from, output.width),
    ...rejectedLines(rejected, output),
  ];
}

function choiceJson({ underlay, because, rejected }: UnderlayChoice): object {
  const { ipv4, ipv6, publicIp, publicIpv6, ...link } = underlay;
  const addresses = { ipv4: text(ipv4), ipv6: text(ipv6), publicIp: text(publicIp), publicIpv6: text(publicIpv6) };
  return { chosen: { ...link, ...addresses }, because, rejected };
}

/** `weft explain-iface`: which interface the agent would take on this host with these flags, and why not the others. */
export const explainIfaceCommand: Command = async ({ input, output, signal }) => {
  const { json } = input.flags;
  const wish = wishOf(agentConfig(input));
  const { stacks, from } = await questionOf(input, signal);
  await using socket = openRouteSocket({ random: systemRandom });
  const host = await readHostInterfaces(socket, targetsOf(wish), signal);
  try {
    const choice = chooseUnderlay(host, wish, stacks);
    if (json === true) output.json(choiceJson(choice));
    else for (const line of choiceLines(choice, from, output)) output.line(line);
    return 0;
  } catch (error) {
    if (!(error instanceof InterfaceChoiceError)) throw error;
    if (json === true) output.json({ chosen: null, because: error.message, rejected: error.rejected });
    throw new CommandError(error.message, 1, { cause: error });
  }
};
