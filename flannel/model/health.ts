/** What the agent knows about itself; each sentence is `undefined` while there is nothing to say. */
export interface HealthFacts {
  /** etcd cannot be reached, or says no. */
  readonly etcdProblem: string | undefined;
  /** The network configuration is missing or wrong. */
  readonly configProblem: string | undefined;
  /** The subnet is not ours (yet, or any more). */
  readonly leaseProblem: string | undefined;
  /** The underlay interface is gone, the device cannot be made, a step fails. */
  readonly kernelProblem: string | undefined;
  readonly subnetFileProblem: string | undefined;
  /** The rules that are wanted cannot be set. */
  readonly firewallProblem: string | undefined;
  readonly leaseHeld: boolean;
  readonly subnetFileWritten: boolean;
  /** All peers that were known then have been programmed once. */
  readonly peersProgrammed: boolean;
  /** The rules were there once, or none are wanted. */
  readonly firewallInPlace: boolean;
}

/** What a start still waits for, in its order. */
function awaited(facts: HealthFacts): string | undefined {
  if (!facts.leaseHeld) return 'no subnet is leased yet';
  if (!facts.peersProgrammed) return 'the peers are not programmed yet';
  if (!facts.subnetFileWritten) return 'subnet.env is not written yet';
  return facts.firewallInPlace ? undefined : 'the firewall rules are not set yet';
}

/**
 * Why containers cannot rely on this host's overlay, `undefined` when they can. Once ready, an outage of etcd does not take
 * that back: the kernel forwards alone. A lost subnet, a broken device and missing rules do.
 */
export function unreadyReason(facts: HealthFacts): string | undefined {
  const { etcdProblem, configProblem, leaseProblem, kernelProblem, subnetFileProblem, firewallProblem } = facts;
  const standing = leaseProblem ?? kernelProblem ?? subnetFileProblem ?? firewallProblem;
  const waiting = awaited(facts);
  return waiting === undefined ? standing : (configProblem ?? etcdProblem ?? standing ?? waiting);
}
