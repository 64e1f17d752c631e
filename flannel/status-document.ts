import type { FlannelStatus } from './status.ts';
import type { FlannelStatusDocument, LeaseStatus, PeerStatus } from './status-wire.ts';

type Peers = FlannelStatusDocument['peers'];

function peersOf({ levels, sources }: FlannelStatus): Peers {
  const list = sources.peers?.();
  if (list === undefined) return { wanted: levels.peers };
  const inState = (state: PeerStatus['state']): number => list.filter((peer) => peer.state === state).length;
  const held = inState('held');
  return {
    wanted: list.length - held,
    pending: inState('pending'),
    programmed: inState('programmed'),
    failed: inState('failed'),
    held,
    list: [...list],
  };
}

function leaseOf({ sources, facts, leaseSecondsLeft }: FlannelStatus): LeaseStatus | undefined {
  const lease = sources.lease?.();
  const problem = facts.leaseProblem;
  if (lease === undefined) return problem === undefined ? undefined : { subnets: [], problem };
  const secondsLeft = leaseSecondsLeft();
  return { ...lease, ...(Number.isNaN(secondsLeft) ? {} : { secondsLeft: Math.round(secondsLeft) }), problem };
}

/** Everything the agent knows about itself, for `/status`: one moment, put together from what each part tells. */
export function statusDocument(status: FlannelStatus, startedAtUnixMs: number): FlannelStatusDocument {
  const { sources, facts, counters, levels } = status;
  const reason = status.unready();
  const etcd = sources.etcd?.();
  return {
    v: 1,
    startedAtUnixMs,
    host: sources.host?.(),
    readiness: { ready: reason === undefined, reason },
    problems: status.problems(),
    lease: leaseOf(status),
    peers: peersOf(status),
    repairs: Object.fromEntries(counters.repairsByKind),
    watch: {
      ...sources.watch?.(),
      connected: counters.lists > 0 && facts.etcdProblem === undefined,
      resyncs: { ...status.resyncs },
    },
    etcd: etcd && { ...etcd, problem: facts.etcdProblem },
    mtus: sources.mtus?.() ?? (levels.mtuBytes === 0 ? {} : { overlayIpv4: levels.mtuBytes }),
    firewall: sources.firewall?.(),
    config: sources.config?.(),
  };
}
