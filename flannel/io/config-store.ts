import type { EtcdClient } from '../../native/etcd/client.ts';

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
