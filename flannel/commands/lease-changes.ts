import { isIP } from 'node:net';
import { surveyLeases } from '../io/lease-survey.ts';
import { ReservationStore } from '../io/reservation-store.ts';
import { pairsOverlap } from '../model/allocate.ts';
import { leaseRow, subnetTexts } from '../model/lease-row.ts';
import { rangeText } from '../model/lease-text.ts';
import { isLeasable, type NetworkConfig } from '../model/network-config.ts';
import { pairOfWord } from '../model/subnet-word.ts';
import type { ReservationValue, SubnetPair } from '../wire.ts';
import { CommandError, type Command, type CommandInput } from './command.ts';
import { withEtcd } from './etcd.ts';
import { findLease, onlyWord, openStore, readConfig, readWord } from './leases.ts';
import { printable } from './table.ts';

const NO_SIGNS = { secondsLeft: new Map<bigint, number>() };

/** `weft leases release SUBNET`: takes a lease from a host that is gone. */
export const releaseCommand: Command = async ({ input, output, signal }) => {
  const text = onlyWord(input, 'subnet');
  await withEtcd(input, async (client, config) => {
    const { store } = openStore(client, config);
    const survey = await surveyLeases({ client, store }, signal);
    const known = findLease(survey, text);
    const row = leaseRow(known, { ...survey, ...NO_SIGNS });
    const host = row.hostname ?? row.publicIp ?? row.publicIpv6 ?? 'its host';
    if (input.flags['force'] !== true) {
      if (row.owner === 'alive') {
        throw new CommandError(`${host} lives and uses ${text}: stop its agent first, or give --force`, 1);
      }
      if (row.owner === 'unknown') {
        throw new CommandError(
          `${text} is a flanneld's, and whether ${host} runs it cannot be seen: a flanneld that loses its key ends. Give --force`,
          1,
        );
      }
    }
    if (!(await store.remove(known, signal))) {
      throw new CommandError(`${known.key} was changed meanwhile: look again with "weft leases show ${text}"`, 1);
    }
    const released = { released: row.subnets, key: known.key, host };
    if (input.flags['json'] === true) output.json(released);
    else output.line(printable(`released ${row.subnets.join(' and ')}, which ${host} had`));
  });
  return 0;
};

/** Who gets a reserved subnet, as one of three flags says. @throws {CommandError} */
function holderOf({ flags }: CommandInput): Omit<ReservationValue, 'v'> {
  const { forNode, forIp, forHost, note } = flags;
  const given = Object.entries({ nodeId: forNode, publicIp: forIp, hostname: forHost }).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  if (given.length > 1) throw new CommandError('expected one of --for-node, --for-ip and --for-host', 2);
  for (const [name, value] of given) {
    if (value === '' || value.length > 253) throw new CommandError(`"${value}" names no host`, 2);
    if (name === 'publicIp' && isIP(value) === 0) {
      throw new CommandError(`--for-ip: "${value}" is not an IP address: expected one such as 10.0.0.7`, 2);
    }
    if (name === 'nodeId' && value.length > 64) throw new CommandError(`--for-node: "${value}" is no node id`, 2);
  }
  return { ...Object.fromEntries(given), ...(typeof note === 'string' ? { note } : {}) };
}

/** Each family must be one that hosts can lease. @throws {CommandError} */
function requireLeasable(subnets: SubnetPair, config: NetworkConfig): void {
  const { ipv4, ipv6 } = subnets;
  const fits =
    (ipv4 === undefined || isLeasable({ ...config, ipv6: undefined }, { ipv4, ipv6: undefined })) &&
    (ipv6 === undefined || isLeasable({ ...config, ipv4: undefined }, { ipv4: undefined, ipv6 }));
  if (fits) return;
  throw new CommandError(`no host can lease ${subnetTexts(subnets).join(' and ')}: expected a ${rangeText(config)}`, 2);
}

/** `weft leases reserve SUBNET`: keeps a subnet for one host, or for nobody. */
export const reserveCommand: Command = async ({ input, output, signal }) => {
  const text = onlyWord(input, 'subnet');
  const subnets = readWord(text, pairOfWord);
  const holder = holderOf(input);
  await withEtcd(input, async (client, config) => {
    const { store } = openStore(client, config);
    const network = await readConfig(store, signal);
    if (network !== undefined) requireLeasable(subnets, network);
    const survey = await surveyLeases({ client, store }, signal);
    const users = survey.leases
      .filter(({ lease }) => pairsOverlap(lease.subnets, subnets))
      .map((known) => leaseRow(known, { ...survey, ...NO_SIGNS }));
    const outcome = await new ReservationStore(client).reserve(subnets, holder, signal);
    const texts = subnetTexts(subnets);
    if (input.flags['json'] === true) {
      output.json({ subnets: texts, outcome, for: holder, usedBy: users });
      return;
    }
    output.line(`${outcome} ${texts.join(' and ')}`);
    for (const { key, hostname, publicIp, publicIpv6 } of users) {
      output.line(printable(`${hostname ?? publicIp ?? publicIpv6 ?? key} has a lease of it now and keeps it`));
    }
  });
  return 0;
};

/** `weft leases unreserve SUBNET`. */
export const unreserveCommand: Command = async ({ input, output, signal }) => {
  const text = onlyWord(input, 'subnet');
  const subnets = readWord(text, pairOfWord);
  const existed = await withEtcd(input, (client) => new ReservationStore(client).unreserve(subnets, signal));
  const texts = subnetTexts(subnets);
  if (!existed) throw new CommandError(`${texts.join(' and ')} is not reserved`, 1);
  if (input.flags['json'] === true) output.json({ unreserved: texts });
  else output.line(`unreserved ${texts.join(' and ')}`);
  return 0;
};
