import type { EtcdClient } from '../../native/etcd/client.ts';
import type { EtcdError } from '../../native/etcd/errors.ts';
import { watchPrefix, type PrefixUpdate } from '../../native/etcd/watch.ts';
import type { Clock, RandomSource } from '../../native/host/clock.ts';

/** `<prefix>/config` as it stands; revision 0 when there is none. */
export interface StoredConfig {
  readonly text: string | undefined;
  readonly modRevision: bigint;
}

/** @throws {EtcdError} */
export async function readStoredConfig(client: EtcdClient, key: string, signal: AbortSignal): Promise<StoredConfig> {
  const entry = await client.get(key, signal);
  return { text: entry?.value, modRevision: entry?.modRevision ?? 0n };
}

export interface ConfigWatch {
  readonly client: EtcdClient;
  readonly key: string;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Told at the start, at every change, and now and then although nothing changed. */
  readonly onConfig: (stored: StoredConfig) => void;
  /** Told at every change between followed (`undefined`) and not. */
  readonly onState: (fault: EtcdError | undefined) => void;
}

/** Nothing that hangs on the configuration is in a hurry: an event may be late by twice this when a member hangs. */
const IDLE_MS = 15_000;

/** Follows `<prefix>/config` until the signal aborts, through compactions and other stores. @throws the signal's reason. */
export async function watchStoredConfig(
  { client, key, clock, random, onConfig, onState }: ConfigWatch,
  signal: AbortSignal,
): Promise<never> {
  return watchPrefix({
    client,
    prefix: key,
    covers: 'key',
    idleMs: IDLE_MS,
    clock,
    random,
    signal,
    onState: (state) => {
      onState(state.kind === 'connected' ? undefined : state.error);
    },
    onUpdate: (update) => {
      onConfig(storedOf(update));
    },
  });
}

function storedOf(update: PrefixUpdate): StoredConfig {
  const last = update.kind === 'snapshot' ? update.entries[0] : update.events.at(-1);
  if (last === undefined) return { text: undefined, modRevision: 0n };
  if ('value' in last) return { text: last.value, modRevision: last.modRevision };
  if (last.kind === 'put') return { text: last.entry.value, modRevision: last.entry.modRevision };
  return { text: undefined, modRevision: last.modRevision };
}

/** Writes a new text in the place of what was read. @returns whether that was still there. @throws {EtcdError} */
export async function writeConfig(
  client: EtcdClient,
  { key, text, seen }: { readonly key: string; readonly text: string; readonly seen: StoredConfig },
  signal: AbortSignal,
): Promise<boolean> {
  const name = Buffer.from(key);
  const answer = await client.transact(
    {
      operation: 'write',
      key,
      compare: [{ key: name, target: 'Mod', result: 'Equal', mod_revision: String(seen.modRevision) }],
      success: [{ request_put: { key: name, value: Buffer.from(text) } }],
    },
    signal,
  );
  return answer.succeeded;
}
