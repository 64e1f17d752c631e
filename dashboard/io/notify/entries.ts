import { z } from 'zod';
import type { NotifyEntry } from '../../model/notify/dedup.ts';
import type { Documents, StoredDocument } from '../documents.ts';
import { channelId } from './make-channel.ts';

const entrySchema = z.object({
  groupKey: z.string(),
  receiver: z.string(),
  firing: z.array(z.string()),
  resolved: z.array(z.string()),
  atUnixMs: z.number(),
});

/** What was told is remembered for this long after the last message, milliseconds; longer than any repeat. */
export const ENTRY_RETENTION_MS = 120 * 3_600_000;

/** The notification log: what each channel was last told of each group, here or by another dashboard. */
export class Entries {
  readonly #documents: Documents;
  readonly #read = new WeakMap<StoredDocument, NotifyEntry>();

  constructor(documents: Documents) {
    this.#documents = documents;
  }

  get(channel: string, groupKey: string): NotifyEntry | undefined {
    const document = this.#documents.get('entry', channelId(channel, groupKey));
    if (document === undefined) return undefined;
    const known = this.#read.get(document);
    if (known !== undefined) return known;
    const entry = entrySchema.safeParse(document.value);
    if (!entry.success) return undefined;
    this.#read.set(document, entry.data);
    return entry.data;
  }

  put(entry: NotifyEntry): void {
    const id = channelId(entry.receiver, entry.groupKey);
    this.#documents.put({ kind: 'entry', id, updatedAtUnixMs: entry.atUnixMs, value: entry });
  }

  /** Forgets what was told of groups that are no more. */
  prune(isGroup: (groupKey: string) => boolean, nowUnixMs: number): void {
    for (const { id, value, updatedAtUnixMs } of this.#documents.all('entry')) {
      const entry = entrySchema.safeParse(value);
      const isOld = nowUnixMs - updatedAtUnixMs > ENTRY_RETENTION_MS;
      if (isOld && !(entry.success && isGroup(entry.data.groupKey))) this.#documents.remove('entry', id);
    }
  }
}
