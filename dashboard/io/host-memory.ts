import { z } from 'zod';
import type { Clock } from '../../native/host/clock.ts';
import type { Cluster } from '../model/cluster.ts';
import type { Documents } from './documents.ts';

/** How long after a start nobody is told anything while known hosts have not reported, milliseconds. */
export const START_GRACE_MS = 30_000;

const hostSchema = z.object({ name: z.string() });

/**
 * Remembers the hosts that reported, so that one that does not come back after a restart is missed; and tells when the start is
 * over: every known host was heard, or half a minute passed.
 */
export class HostMemory {
  readonly #cluster: Cluster;
  readonly #documents: Documents;
  readonly #clock: Clock;
  readonly #startedMonotonicMs: number;
  /** Known hosts that have not reported since the start. */
  readonly #awaited: Set<string>;

  constructor({ cluster, documents, clock }: { cluster: Cluster; documents: Documents; clock: Clock }) {
    this.#cluster = cluster;
    this.#documents = documents;
    this.#clock = clock;
    this.#startedMonotonicMs = clock.monotonicMs();
    const known = documents.all('host');
    this.#awaited = new Set(known.map(({ id }) => id));
    for (const { id, value } of known) {
      const host = hostSchema.safeParse(value);
      if (host.success) cluster.expect({ nodeId: id, name: host.data.name }, clock.monotonicMs());
    }
  }

  /** Whether the start is not over yet. */
  get grace(): boolean {
    if (this.#awaited.size === 0) return false;
    return this.#clock.monotonicMs() - this.#startedMonotonicMs < START_GRACE_MS;
  }

  /** Takes note of hosts that reported or were forgotten; once a second. */
  follow(): void {
    for (const { nodeId, name, feed } of this.#cluster.hosts.values()) {
      if (feed.lastReceived === undefined) continue;
      this.#awaited.delete(nodeId);
      const known = hostSchema.safeParse(this.#documents.get('host', nodeId)?.value);
      if (known.success && known.data.name === name) continue;
      this.#documents.put({ kind: 'host', id: nodeId, updatedAtUnixMs: this.#clock.nowMs(), value: { name } });
    }
    for (const { id } of this.#documents.all('host'))
      if (!this.#cluster.hosts.has(id)) this.#documents.remove('host', id);
  }
}
