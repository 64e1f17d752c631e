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
  readonly leaseHeld: boolean;
  readonly subnetFileWritten: boolean;
  /** All peers that were known then have been programmed once. */
  readonly peersProgrammed: boolean;
}

/**
 * Why containers cannot rely on this host's overlay, `undefined` when they can. Once ready, an outage of etcd does not take
 * that back: the kernel forwards alone. A lost subnet and a broken device do.
 */
export function unreadyReason(facts: HealthFacts): string | undefined {
  const { etcdProblem, configProblem, leaseProblem, kernelProblem, subnetFileProblem } = facts;
  const standing = leaseProblem ?? kernelProblem ?? subnetFileProblem;
  if (facts.leaseHeld && facts.subnetFileWritten && facts.peersProgrammed) return standing;
  const waiting = facts.leaseHeld
    ? facts.peersProgrammed
      ? 'subnet.env is not written yet'
      : 'the peers are not programmed yet'
    : 'no subnet is leased yet';
  return configProblem ?? etcdProblem ?? standing ?? waiting;
}
