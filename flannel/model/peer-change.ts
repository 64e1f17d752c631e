import type { Peer } from './overlay.ts';
import type { Step } from './plan.ts';

/** A step on a peer's entries. */
export type EntryStep = Extract<
  Step,
  { kind: 'set-neighbor' | 'set-fdb' | 'add-route' | 'remove-route' | 'remove-fdb' | 'remove-neighbor' }
>;

/**
 * The steps of one subnet whose host came, changed or left, without a look at the kernel: the short path. The loop confirms them. An
 * FDB entry goes only when no other peer has its MAC.
 */
export function planPeerChange(
  before: Peer | undefined,
  after: Peer | undefined,
  isMacInUse: (mac: Peer['vtepMac']) => boolean,
): EntryStep[] {
  const added = after === undefined ? [] : setSteps(before, after);
  return before === undefined ? added : [...added, ...removeSteps(before, after, isMacInUse)];
}

function setSteps(before: Peer | undefined, { subnet, vtepMac, publicIp }: Peer): EntryStep[] {
  const isNewMac = before?.vtepMac !== vtepMac;
  return [
    ...(isNewMac ? [{ kind: 'set-neighbor', address: subnet.address, mac: vtepMac } as const] : []),
    ...(isNewMac || before.publicIp !== publicIp ? [{ kind: 'set-fdb', mac: vtepMac, remote: publicIp } as const] : []),
    ...(before === undefined ? [{ kind: 'add-route', destination: subnet } as const] : []),
  ];
}

function removeSteps(
  { subnet, vtepMac, publicIp }: Peer,
  after: Peer | undefined,
  isMacInUse: (mac: Peer['vtepMac']) => boolean,
): EntryStep[] {
  const isLost = after?.vtepMac !== vtepMac && !isMacInUse(vtepMac);
  const fdb: EntryStep[] = isLost ? [{ kind: 'remove-fdb', mac: vtepMac, remote: publicIp }] : [];
  if (after !== undefined) return fdb;
  return [
    { kind: 'remove-route', destination: subnet, gateway: subnet.address },
    ...fdb,
    { kind: 'remove-neighbor', address: subnet.address },
  ];
}
