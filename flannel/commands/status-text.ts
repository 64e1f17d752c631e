import type { FlannelStatusDocument } from '../status-wire.ts';
import type { Output } from './command.ts';
import { countText, durationText, fieldLines } from './table.ts';

export type TextOutput = Pick<Output, 'width' | 'paint'> & { readonly nowUnixMs: number };

const listText = (parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== '').join(', ');

const countsText = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ');

function hostText({ host, startedAtUnixMs }: FlannelStatusDocument, nowUnixMs: number): string {
  const up = `up ${durationText((nowUnixMs - startedAtUnixMs) / 1000)}`;
  if (host === undefined) return listText([up, 'no subnet yet']);
  return listText([host.hostname, `node ${host.nodeId}`, `weft ${host.version}`, `pid ${host.pid}`, up]);
}

function interfaceText({ host, mtus }: FlannelStatusDocument): string | undefined {
  if (host?.interface === undefined) return undefined;
  const own = [host.ipv4, host.ipv6].filter((address) => address !== undefined).join(' and ');
  const told = [host.publicIp, host.publicIpv6].filter((address) => address !== undefined).join(' and ');
  return listText([
    `${host.interface} ${own}`,
    told === own ? undefined : `peers are told ${told}`,
    mtus.underlay === undefined ? undefined : `MTU ${mtus.underlay}`,
    host.interfaceBecause,
  ]);
}

const ORIGINS: Readonly<Record<NonNullable<NonNullable<FlannelStatusDocument['lease']>['acquiredBy']>, string>> = {
  'node-id': 'had before',
  'public-ip': 'taken over with the public IP',
  'previous-subnet': 'the subnet of before',
  reservation: 'reserved',
  free: 'chosen from the free ones',
};

function leaseText({ lease }: FlannelStatusDocument): string {
  if (lease === undefined || lease.subnets.length === 0) return 'none';
  const left =
    lease.secondsLeft === undefined || lease.secondsLeft <= 0 ? 'run out' : `${durationText(lease.secondsLeft)} left`;
  const how = lease.acquiredBy === undefined ? undefined : ORIGINS[lease.acquiredBy];
  return listText([lease.subnets.join(' and '), left, how]);
}

function peersText({ peers }: FlannelStatusDocument): string {
  const { wanted, programmed, pending = 0, failed = 0, held = 0 } = peers;
  return listText([
    `${wanted} wanted`,
    programmed === undefined ? undefined : `${programmed} programmed`,
    pending > 0 ? `${pending} pending` : undefined,
    failed > 0 ? `${failed} failed` : undefined,
    held > 0 ? `${held} held until a second list` : undefined,
  ]);
}

function mtuText({ mtus }: FlannelStatusDocument): string | undefined {
  const { overlayIpv4, overlayIpv6, subnetEnv } = mtus;
  const text = listText([
    overlayIpv4 === undefined ? undefined : `overlay ${overlayIpv4}`,
    overlayIpv6 === undefined ? undefined : `overlay of IPv6 ${overlayIpv6}`,
    subnetEnv === undefined ? undefined : `subnet.env ${subnetEnv}`,
  ]);
  return text === '' ? undefined : text;
}

/** Of a watch: milliseconds where it goes on, a person's units where it does not. */
const lagText = (lagMs: number): string => (lagMs < 1_000 ? `${Math.round(lagMs)} ms` : durationText(lagMs / 1_000));

function etcdText({ etcd, watch }: FlannelStatusDocument): string {
  const lists = Object.values(watch.resyncs).reduce((sum, count) => sum + count, 0);
  return listText([
    watch.endpoint ?? etcd?.endpoint,
    watch.connected ? 'connected' : 'not connected',
    watch.lagMs === undefined ? undefined : `${lagText(watch.lagMs)} behind`,
    watch.revision === undefined ? undefined : `revision ${watch.revision}`,
    lists === 0 ? undefined : `${countText(lists, 'list')} (${countsText(watch.resyncs)})`,
    etcd !== undefined && etcd.endpoints.length > 1 ? `${etcd.endpoints.length} endpoints` : undefined,
  ]);
}

function firewallText({ firewall }: FlannelStatusDocument): string | undefined {
  if (firewall === undefined) return undefined;
  const { mode, why, inPlace, problem, repairs = 0, lastChangedBy } = firewall;
  if (mode === 'none' && inPlace) return 'no rules are wanted';
  return listText([
    mode === 'none' ? undefined : `${mode}${why === undefined ? '' : ` (${why})`}`,
    inPlace ? 'in place' : 'not in place',
    problem,
    repairs === 0 ? undefined : countText(repairs, 'repair'),
    repairs === 0 || lastChangedBy === undefined ? undefined : `last changed by ${lastChangedBy}`,
  ]);
}

function configText({ config }: FlannelStatusDocument): string | undefined {
  if (config === undefined) return undefined;
  const waiting =
    config.pendingRestart.length === 0 ? '' : `; waits for a restart: ${config.pendingRestart.join(', ')}`;
  return `${config.key} ${config.text ?? ''}${waiting}`;
}

/** The document for a person, in lines of at most `width` characters. */
export function statusLines(document: FlannelStatusDocument, { width, paint, nowUnixMs }: TextOutput): string[] {
  const { readiness, problems, repairs } = document;
  const fields: [string, string | undefined][] = [
    ['host', hostText(document, nowUnixMs)],
    ['interface', interfaceText(document)],
    ['ready', readiness.ready ? 'yes' : `no: ${readiness.reason ?? 'the reason is not told'}`],
    ['lease', leaseText(document)],
    ['peers', peersText(document)],
    ['MTU', mtuText(document)],
    ['etcd', etcdText(document)],
    ['firewall', firewallText(document)],
    ['config', configText(document)],
    ['repairs', Object.keys(repairs).length === 0 ? 'none' : countsText(repairs)],
    ['problems', problems.length === 0 ? 'none' : undefined],
  ];
  const lines = fields.flatMap(([label, text]) => {
    if (text === undefined) return [];
    const plain = fieldLines(label, text, width);
    return label === 'ready' ? plain.map((line) => paint(readiness.ready ? 'green' : 'red', line)) : plain;
  });
  const problemLines = problems.flatMap(({ subject, sentence }, index) =>
    fieldLines(index === 0 ? 'problems' : '', `${subject}: ${sentence}`, width).map((line) => paint('yellow', line)),
  );
  return [...lines, ...problemLines];
}
