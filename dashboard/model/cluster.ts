import type { FlannelPresence } from '../../flannel/presence-wire.ts';
import type { ContainerExit, Frame, Inventory } from '../../statsd/wire.ts';
import type { HostState } from '../wire.ts';
import { Lives } from './alert/lifecycle.ts';
import { ownLine, type ContainerRow } from './container-row.ts';
import { COUNTERS } from './frame-layout.ts';
import { HistoryBook } from './history/book.ts';
import { seriesKey } from './history/identity.ts';
import type { MarkedExit } from './history/series.ts';
import { HostFeed, type FrameVerdict, type Received } from './host-feed.ts';
import { withSeenNames } from './seen-name.ts';

const OOM_KILLS = COUNTERS.indexOf('oomKills');

/** A host without a frame for this long, and for three of its intervals, is stale, milliseconds. */
const STALE_AFTER_MS = 15_000;
const STALE_AFTER_INTERVALS = 3;

/** What the way and the tick may add to two intervals before a host counts as late, milliseconds. */
const LATE_SLACK_MS = 500;

/** A host that nothing was heard of for this long is forgotten, with its containers, milliseconds. */
export const FORGET_AFTER_MS = 24 * 3_600_000;

/** Hosts that are held at most; a token holder cannot fill the memory with names. */
export const MAX_HOSTS = 4096;

/** Containers that are held at most, over all hosts. */
export const MAX_CONTAINERS = 50_000;

/** What the overlay agent of a host said of itself in etcd. */
interface OverlayFacts {
  readonly presence: FlannelPresence;
  readonly present: boolean;
}

/** One host, known from its stats agent, from the overlay's presence in etcd, or both. */
export interface ClusterHost {
  readonly nodeId: string;
  readonly feed: HostFeed;
  name: string;
  state: HostState;
  overlay: OverlayFacts | undefined;
  /** Known from before this process started: that it does not report is news, even if it never did. */
  readonly expected: boolean;
  /** When anything was last heard of it, by the dashboard's monotonic clock. */
  heardAtMonotonicMs: number;
  /** When its agent last told what it is, in this process. */
  toldAtMonotonicMs: number | undefined;
}

export type InventoryVerdict = 'applied' | 'too-many-hosts' | 'too-many-containers' | 'duplicate-key';

/** Live until two intervals passed without a frame, late until three did and 15 s, then stale. */
export function hostStateAt(ageMs: number | undefined, intervalMs: number): HostState {
  if (ageMs === undefined || ageMs > Math.max(STALE_AFTER_MS, STALE_AFTER_INTERVALS * intervalMs)) return 'stale';
  return ageMs <= 2 * intervalMs + LATE_SLACK_MS ? 'live' : 'late';
}

/**
 * What is known of the cluster. Reports go in, rows come out; `revision` grows whenever a row appears, vanishes or changes
 * what is said of it (values aside).
 */
export class Cluster {
  readonly hosts = new Map<string, ClusterHost>();
  /** How containers end and come back. */
  readonly lives = new Lives();
  revision = 0;
  /** States that changed since the last tick. */
  readonly #changes: { readonly host: ClusterHost; readonly was: HostState }[] = [];
  readonly history = new HistoryBook();
  #paceMs = 0;

  /** A stats agent dialled in; `false` when there is no room for one more host. */
  connect(nodeId: string, name: string, received: Received): boolean {
    const host = this.#hostOf({ nodeId, name }, received.nowMonotonicMs);
    host?.feed.forgetTables();
    return host !== undefined;
  }

  /** Agents were asked for a frame each so many milliseconds: one that comes as late is not late. */
  setPace(everyMs: number): void {
    this.#paceMs = everyMs;
    for (const { feed } of this.hosts.values()) feed.setPace(everyMs);
  }

  /** A host that reported to an earlier process: missed when it does not come back. */
  expect(host: { readonly nodeId: string; readonly name: string }, nowMonotonicMs: number): void {
    this.#hostOf({ ...host, expected: true }, nowMonotonicMs);
  }

  /** Takes an inventory, or says why not. */
  inventory(told: Inventory, received: Received): InventoryVerdict {
    const inventory = withSeenNames(told);
    const host = this.#hostOf(
      { nodeId: inventory.host.nodeId, name: inventory.host.hostname },
      received.nowMonotonicMs,
    );
    if (host === undefined) return 'too-many-hosts';
    const others = this.containerCount() - host.feed.rows.size;
    if (others + inventory.containers.length > MAX_CONTAINERS) return 'too-many-containers';
    const before = new Set(host.feed.rows.keys());
    if (!host.feed.applyInventory(inventory, received.nowUnixMs)) return 'duplicate-key';
    this.#follow(host, { before, inventory }, received.nowMonotonicMs);
    host.name = inventory.host.hostname;
    host.heardAtMonotonicMs = received.nowMonotonicMs;
    host.toldAtMonotonicMs = received.nowMonotonicMs;
    this.revision += 1;
    return 'applied';
  }

  containerCount(): number {
    let count = 0;
    for (const host of this.hosts.values()) count += host.feed.rows.size;
    return count;
  }

  frame(nodeId: string, frame: Frame, received: Received): FrameVerdict {
    const host = this.hosts.get(nodeId);
    if (host === undefined) return 'unknown-table';
    host.heardAtMonotonicMs = received.nowMonotonicMs;
    const { fullestMount } = host.feed;
    const verdict = host.feed.applyFrame(frame, received);
    if (host.feed.fullestMount !== fullestMount) this.revision += 1;
    if (verdict === 'live') {
      this.#setState(host, 'live');
      this.#countOomKills(host, received);
    }
    return verdict;
  }

  /** A process that is killed for memory need not end its container. */
  #countOomKills({ nodeId, feed }: ClusterHost, { nowMonotonicMs, nowUnixMs }: Received): void {
    for (const [key, row] of feed.rows) {
      const count = row.counters?.[OOM_KILLS] ?? Number.NaN;
      if (Number.isNaN(count) || !this.lives.oomKillsRead({ nodeId, key, count }, nowMonotonicMs)) continue;
      const line = ownLine(row);
      if (line !== undefined) this.history.killedForMemory(line, key, nowUnixMs);
    }
  }

  exit(nodeId: string, exit: ContainerExit, nowMonotonicMs: number): void {
    const end = { timeUnixMs: exit.atUnixMs, exit: markedExit(exit) };
    if (this.hosts.get(nodeId)?.feed.removeContainer(exit.key, end) === true) this.revision += 1;
    this.lives.gone({ nodeId, key: exit.key }, nowMonotonicMs, exit);
  }

  /** Tells the lives which containers an inventory brought, which it left out, and how those ended. */
  #follow(
    { nodeId, feed }: ClusterHost,
    { before, inventory }: { readonly before: ReadonlySet<string>; readonly inventory: Inventory },
    nowMonotonicMs: number,
  ): void {
    for (const key of before) if (!feed.rows.has(key)) this.lives.gone({ nodeId, key }, nowMonotonicMs);
    for (const exited of inventory.exited ?? []) {
      const { key, exit } = exited;
      this.lives.exitTold({ nodeId, key }, exit);
      const told = { ...markedExit(exit), atUnixMs: exit.atUnixMs };
      this.history.exitTold(seriesKey(nodeId, exited), key, told);
    }
    for (const row of feed.rows.values()) this.lives.seen(nodeId, row.inventory);
  }

  /** Takes the presence keys that etcd holds now. */
  presences(presences: readonly FlannelPresence[], nowMonotonicMs: number): void {
    const byNode = new Map(presences.map((presence) => [presence.nodeId, presence]));
    for (const host of this.hosts.values()) {
      if (host.overlay?.present !== true || byNode.has(host.nodeId)) continue;
      host.overlay = { presence: host.overlay.presence, present: false };
      host.heardAtMonotonicMs = nowMonotonicMs;
      this.revision += 1;
    }
    for (const presence of byNode.values()) {
      const host = this.#hostOf({ nodeId: presence.nodeId, name: presence.hostname }, nowMonotonicMs);
      if (host === undefined) continue;
      host.heardAtMonotonicMs = nowMonotonicMs;
      if (host.overlay?.present === true && samePresence(host.overlay.presence, presence)) continue;
      host.overlay = { presence, present: true };
      this.revision += 1;
    }
  }

  /** Ages every host; forgets those that nothing was heard of for a day. Returns what became of hosts since the last call. */
  tick(nowMonotonicMs: number): readonly { readonly host: ClusterHost; readonly was: HostState }[] {
    for (const host of this.hosts.values()) {
      if (host.overlay?.present === true) host.heardAtMonotonicMs = nowMonotonicMs;
      if (nowMonotonicMs - host.heardAtMonotonicMs > FORGET_AFTER_MS) {
        host.feed.clear();
        this.hosts.delete(host.nodeId);
        this.revision += 1;
        continue;
      }
      this.#setState(host, stateOf(host, nowMonotonicMs));
    }
    if (this.lives.prune(nowMonotonicMs, (nodeId) => this.hosts.has(nodeId))) this.revision += 1;
    return this.#changes.splice(0);
  }

  #setState(host: ClusterHost, state: HostState): void {
    if (state === host.state) return;
    this.#changes.push({ host, was: host.state });
    host.state = state;
    this.revision += 1;
  }

  /** A container's row and host, by the key of the view. */
  find(key: string): { readonly host: ClusterHost; readonly row: ContainerRow } | undefined {
    const slash = key.indexOf('/');
    const host = this.hosts.get(key.slice(0, slash));
    const row = host?.feed.rows.get(key.slice(slash + 1));
    return host === undefined || row === undefined ? undefined : { host, row };
  }

  #hostOf(
    { nodeId, name, expected = false }: { nodeId: string; name: string; expected?: boolean },
    nowMonotonicMs: number,
  ): ClusterHost | undefined {
    const known = this.hosts.get(nodeId);
    if (known !== undefined) return known;
    if (this.hosts.size >= MAX_HOSTS) return undefined;
    const host: ClusterHost = {
      nodeId,
      name,
      feed: new HostFeed(nodeId, this.history),
      state: 'stale',
      overlay: undefined,
      expected,
      heardAtMonotonicMs: nowMonotonicMs,
      toldAtMonotonicMs: undefined,
    };
    host.feed.setPace(this.#paceMs);
    this.hosts.set(nodeId, host);
    this.revision += 1;
    return host;
  }
}

/** Since the host's last frame, milliseconds; `undefined` when there never was one. */
export function ageMs(host: ClusterHost, nowMonotonicMs: number): number | undefined {
  const last = host.feed.lastReceived;
  return last === undefined ? undefined : nowMonotonicMs - last.nowMonotonicMs;
}

/** An agent that told what it is and measures once a minute is not away before its first frame; it is late, for nothing is known yet. */
function stateOf(host: ClusterHost, nowMonotonicMs: number): HostState {
  const { feed, toldAtMonotonicMs } = host;
  const age = ageMs(host, nowMonotonicMs);
  if (age !== undefined || toldAtMonotonicMs === undefined) return hostStateAt(age, feed.intervalMs);
  return hostStateAt(nowMonotonicMs - toldAtMonotonicMs, feed.intervalMs) === 'stale' ? 'stale' : 'late';
}

function markedExit({ exitCode, oomKilled, ranForMs }: Omit<ContainerExit, 'v' | 'key' | 'atUnixMs'>): MarkedExit {
  return { exitCode, oomKilled, ranForMs };
}

function samePresence(a: FlannelPresence, b: FlannelPresence): boolean {
  return (
    a.subnet === b.subnet &&
    a.publicIp === b.publicIp &&
    a.vtepMac === b.vtepMac &&
    a.vni === b.vni &&
    a.mtu === b.mtu &&
    a.backendType === b.backendType
  );
}
