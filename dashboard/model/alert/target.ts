import type { ClusterHost, Cluster } from '../cluster.ts';
import type { ContainerRow } from '../container-row.ts';
import { LabelMemo } from './container-labels.ts';
import type { ContainerLife } from './lifecycle.ts';
import type { Labels } from './matcher.ts';

/** What a rule looks at: containers, hosts, the lives of containers (also of those that ended), or weft itself. */
export type Subject = 'container' | 'host' | 'life' | 'self';

/** Something that weft says of itself to its own rules: a rule that fails, a channel that is broken. */
export interface SelfFact {
  readonly metric: 'ruleFailing' | 'channelBroken';
  /** Names the thing: `{rule: "…"}` or `{channel: "…"}`. */
  readonly labels: Labels;
  readonly value: number;
}

/** One thing that a rule looks at. Which of the optional parts is there follows from the subject. */
export interface AlertTarget {
  /** Unique within its subject, `<nodeId>/…` where it belongs to a host. */
  readonly key: string;
  /** Its place in the list of its subject. */
  readonly index: number;
  readonly hostName: string;
  /** Labels of the resource: what scopes match and, in part, what an alert is known by. */
  readonly labels: Labels;
  readonly host: ClusterHost | undefined;
  readonly row?: ContainerRow | undefined;
  readonly life?: ContainerLife | undefined;
  readonly self?: SelfFact | undefined;
  readonly mtuGapBytes?: number | undefined;
}

/** All that rules may look at in one evaluation. */
export interface AlertWorld {
  readonly cluster: Cluster;
  readonly self: readonly SelfFact[];
}

/** Resource labels that become labels of the alert; the others only serve to choose. */
export const IDENTITY_LABELS = [
  'host',
  'container',
  'runtime',
  'image',
  'compose_project',
  'compose_service',
  'peer',
] as const;

/** The smallest MTU that any host of each VNI has. */
function widestMtu(hosts: Iterable<ClusterHost>): Map<string, number> {
  const widest = new Map<string, number>();
  for (const { overlay } of hosts) {
    if (overlay?.present !== true) continue;
    const network = networkOf(overlay.presence);
    widest.set(network, Math.max(widest.get(network) ?? 0, overlay.presence.mtu));
  }
  return widest;
}

function networkOf({ backendType, vni }: { backendType: string; vni: number }): string {
  return `${backendType}/${vni}`;
}

function hostTargets(cluster: Cluster): AlertTarget[] {
  const widest = widestMtu(cluster.hosts.values());
  return [...cluster.hosts.values()].map((host, index) => {
    const presence = host.overlay?.present === true ? host.overlay.presence : undefined;
    const mtuGapBytes = presence && (widest.get(networkOf(presence)) ?? presence.mtu) - presence.mtu;
    return { key: `${host.nodeId}/`, index, hostName: host.name, labels: { host: host.name }, host, mtuGapBytes };
  });
}

function containerTargets(cluster: Cluster, memo: LabelMemo): AlertTarget[] {
  const targets: AlertTarget[] = [];
  for (const host of cluster.hosts.values()) {
    for (const row of host.feed.rows.values()) {
      const labels = memo.of(row.key, host.name, row.inventory);
      targets.push({ key: row.key, index: targets.length, hostName: host.name, labels, host, row });
    }
  }
  return targets;
}

function lifeTargets(cluster: Cluster, memo: LabelMemo): AlertTarget[] {
  const targets: AlertTarget[] = [];
  for (const life of cluster.lives.all()) {
    const host = cluster.hosts.get(life.nodeId);
    if (host === undefined) continue;
    const labels = memo.of(life.key, host.name, life);
    targets.push({ key: life.key, index: targets.length, hostName: host.name, labels, host, life });
  }
  return targets;
}

const selfKey = ({ metric, labels }: SelfFact): string => `${metric}/${Object.values(labels).join('/')}`;

/** One fact for each thing, the worst of it: two rules may have one name, and what is said of them cannot be told apart. */
export function worstFacts(facts: readonly SelfFact[]): readonly SelfFact[] {
  const worst = new Map<string, SelfFact>();
  for (const fact of facts) {
    const known = worst.get(selfKey(fact));
    if (known === undefined || known.value < fact.value) worst.set(selfKey(fact), fact);
  }
  return [...worst.values()];
}

function selfTargets(facts: readonly SelfFact[]): AlertTarget[] {
  return worstFacts(facts).map((self, index) => ({
    index,
    key: selfKey(self),
    hostName: '',
    labels: self.labels,
    host: undefined,
    self,
  }));
}

/**
 * Everything that rules may look at, by subject. Lists are made anew only when the cluster's membership changed: a thousand
 * containers keep theirs from second to second.
 */
export class Targets {
  readonly #containers = new LabelMemo();
  readonly #lives = new LabelMemo();
  #revision = -1;
  #lists: Record<Exclude<Subject, 'self'>, readonly AlertTarget[]> = { container: [], host: [], life: [] };
  #self: readonly AlertTarget[] = [];

  /** @returns whether the lists of hosts, containers and lives are others than before. */
  refresh({ cluster, self }: AlertWorld): boolean {
    this.#self = selfTargets(self);
    if (cluster.revision === this.#revision) return false;
    this.#revision = cluster.revision;
    this.#lists = {
      container: containerTargets(cluster, this.#containers),
      host: hostTargets(cluster),
      life: lifeTargets(cluster, this.#lives),
    };
    this.#containers.turn();
    this.#lives.turn();
    return true;
  }

  of(subject: Subject): readonly AlertTarget[] {
    return subject === 'self' ? this.#self : this.#lists[subject];
  }
}
