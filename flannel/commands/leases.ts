import type { EtcdClient } from '../../native/etcd/client.ts';
import type { EtcdConfig } from '../config.ts';
import { LeaseStore } from '../io/lease-store.ts';
import { secondsLeft, surveyLeases, type LeaseSurvey } from '../io/lease-survey.ts';
import { countSubnets } from '../model/free-subnet.ts';
import { leaseRow, reservationRow, type Counts, type LeaseListing } from '../model/lease-row.ts';
import type { KnownLease } from '../model/lease.ts';
import { NetworkConfigError, parseNetworkConfig, type NetworkConfig } from '../model/network-config.ts';
import { isNamedBy, parseSubnetWord } from '../model/subnet-word.ts';
import type { LeaseFormatError } from '../wire.ts';
import { CommandError, type Command, type CommandInput } from './command.ts';
import { withEtcd } from './etcd.ts';
import { leaseFields, leaseLines, reservationLines } from './lease-text.ts';

/** The one word that a command takes. @throws {CommandError} */
export function onlyWord({ words }: CommandInput, what: string): string {
  const [word, ...rest] = words;
  if (word !== undefined && rest.length === 0) return word;
  throw new CommandError(`expected one ${what}, such as 10.5.1.0/24`, 2);
}

/** What a word that a person typed is read as. @throws {CommandError} */
export function readWord<T>(text: string, read: (text: string) => T): T {
  try {
    return read(text);
  } catch (cause) {
    if (cause instanceof RangeError) throw new CommandError(cause.message, 2, { cause });
    throw cause;
  }
}

/** The leases of a prefix, and what is no lease there. */
export function openStore(
  client: EtcdClient,
  { etcdPrefix: prefix }: EtcdConfig,
): { store: LeaseStore; junk: LeaseFormatError[] } {
  const junk: LeaseFormatError[] = [];
  const store = new LeaseStore({
    client,
    prefix,
    onJunk: (error) => {
      junk.push(error);
    },
  });
  return { store, junk };
}

/** The configuration of the network; `undefined` where there is none that can be used. @throws {EtcdError} */
export async function readConfig(store: LeaseStore, signal: AbortSignal): Promise<NetworkConfig | undefined> {
  const text = await store.readNetworkConfig(signal);
  if (text === undefined) return undefined;
  try {
    return parseNetworkConfig(text);
  } catch (error) {
    if (error instanceof NetworkConfigError) return undefined;
    throw error;
  }
}

/** Free and all subnets of each family; what is reserved is not free. */
function countsOf(config: NetworkConfig | undefined, { leases, reservations }: LeaseSurvey): Record<string, Counts> {
  const pairs = [...leases.map(({ lease }) => lease.subnets), ...reservations.map(({ subnets }) => subnets)];
  const text = ({ total, free }: { total: bigint; free: bigint }): Counts => ({
    total: String(total),
    free: String(free),
  });
  const taken4 = pairs.flatMap(({ ipv4 }) => ipv4 ?? []);
  const taken6 = pairs.flatMap(({ ipv6 }) => ipv6 ?? []);
  return {
    ...(config?.ipv4 === undefined ? {} : { ipv4: text(countSubnets(config.ipv4, taken4)) }),
    ...(config?.ipv6 === undefined ? {} : { ipv6: text(countSubnets(config.ipv6, taken6)) }),
  };
}

/** `weft leases list`: who has which subnet, for how long, and how many are left. */
export const listCommand: Command = async ({ input, output, signal }) => {
  if (input.words.length > 0) throw new CommandError(`expected no further word, got "${input.words[0] ?? ''}"`, 2);
  const listing = await withEtcd(input, async (client, config): Promise<LeaseListing> => {
    const { store, junk } = openStore(client, config);
    const survey = await surveyLeases({ client, store }, signal);
    const left = await secondsLeft(client, survey.leases, signal);
    return {
      leases: survey.leases.map((known) => leaseRow(known, { ...survey, secondsLeft: left })),
      reservations: survey.reservations.map(reservationRow),
      counts: countsOf(await readConfig(store, signal), survey),
      problems: [...junk.map(({ message }) => message), ...survey.gaps],
    };
  });
  if (input.flags['json'] === true) {
    output.json(listing);
    return 0;
  }
  for (const line of [...leaseLines(listing, output), ...reservationLines(listing, output)]) output.line(line);
  return 0;
};

/** The one lease that a word means. @throws {CommandError} when there is none, or several. */
export function findLease(survey: LeaseSurvey, text: string): KnownLease {
  const word = readWord(text, parseSubnetWord);
  const found = survey.leases.filter(({ lease }) => isNamedBy(word, lease.subnets));
  const [first, second] = found;
  if (first === undefined)
    throw new CommandError(`no lease has ${text}: "weft leases list" tells those that are there`, 1);
  if (second === undefined) return first;
  const keys = found.map(({ key }) => key).join(', ');
  throw new CommandError(`${text} is in ${found.length} leases, ${keys}: name one as its key does`, 1);
}

/** `weft leases show SUBNET`: everything about one lease. */
export const showCommand: Command = async ({ input, output, signal }) => {
  const text = onlyWord(input, 'subnet or address');
  await withEtcd(input, async (client, config) => {
    const { store } = openStore(client, config);
    const survey = await surveyLeases({ client, store }, signal);
    const known = findLease(survey, text);
    const row = leaseRow(known, { ...survey, secondsLeft: await secondsLeft(client, [known], signal) });
    const presence = row.nodeId === undefined ? undefined : survey.presences.get(row.nodeId);
    const details = { ...row, value: known.value, agent: presence };
    if (input.flags['json'] === true) output.json(details);
    else for (const line of leaseFields(details, output)) output.line(line);
  });
  return 0;
};
