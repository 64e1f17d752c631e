import { AGENT_PRESENCE_PREFIX, flannelPresenceSchema, type FlannelPresence } from '../../flannel/presence-wire.ts';
import type { EtcdClient } from '../../native/etcd/client.ts';
import { watchPrefix, type PrefixUpdate } from '../../native/etcd/watch.ts';
import type { Clock, RandomSource } from '../../native/host/clock.ts';
import type { Logger } from '../../native/host/log.ts';

export interface PresenceParts {
  readonly client: EtcdClient;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  /** Every overlay agent that etcd shows now. */
  readonly onPresences: (presences: readonly FlannelPresence[]) => void;
  readonly onState: (state: 'connected' | 'unavailable') => void;
}

/** Presence keys are listed again this often; they are few. */
const RELIST_MS = 60_000;

/** Keys below the prefix that are kept at most. */
const MAX_KEYS = 10_000;

function decode(key: string, value: string, log: Logger): FlannelPresence | undefined {
  if (!key.endsWith('/flannel')) return undefined;
  try {
    return flannelPresenceSchema.parse(JSON.parse(value));
  } catch (err) {
    log.warn({ err, key }, 'presence key ignored');
    return undefined;
  }
}

function fold(known: Map<string, FlannelPresence>, update: PrefixUpdate, log: Logger): void {
  if (update.kind === 'snapshot') known.clear();
  const events =
    update.kind === 'delta' ? update.events : update.entries.map((entry) => ({ kind: 'put' as const, entry }));
  for (const event of events) {
    if (event.kind === 'delete') {
      known.delete(event.key);
      continue;
    }
    const { key, value } = event.entry;
    const presence = decode(key, value, log);
    if (presence === undefined) known.delete(key);
    else if (known.has(key) || known.size < MAX_KEYS) known.set(key, presence);
  }
}

/** Follows the overlay agents' presence in etcd until `signal` aborts; outages only change the state. @throws the signal's reason. */
export async function followPresence(parts: PresenceParts, signal: AbortSignal): Promise<never> {
  const { client, clock, random, log } = parts;
  const known = new Map<string, FlannelPresence>();
  let unavailable = false;
  return await watchPrefix({
    client,
    prefix: AGENT_PRESENCE_PREFIX,
    signal,
    clock,
    random,
    relistMs: RELIST_MS,
    onUpdate: (update) => {
      fold(known, update, log);
      parts.onPresences([...known.values()]);
    },
    onState: (state) => {
      parts.onState(state.kind);
      if (state.kind === 'unavailable' && !unavailable) log.warn({ err: state.error }, 'etcd unavailable');
      if (state.kind === 'connected' && unavailable) log.info({ endpoint: state.endpoint }, 'etcd is back');
      unavailable = state.kind === 'unavailable';
    },
  });
}
