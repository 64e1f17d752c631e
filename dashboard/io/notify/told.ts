import { z } from 'zod';
import type { Documents } from '../documents.ts';
import type { Channels } from './channels.ts';

/** Hears that a channel took a message in which some alerts fire, here or of another dashboard. */
export type OnTold = (channel: string, fingerprints: readonly string[], atUnixMs: number) => void;

const entrySchema = z.object({ receiver: z.string(), firing: z.array(z.string()), atUnixMs: z.number() });

/** Hands on what the notes on receivers say as soon as they are made, whichever dashboard made them. */
export function followTold(documents: Documents, channels: Channels, onTold: OnTold): void {
  documents.listen(({ kind, document }) => {
    if (kind !== 'entry' || document === undefined) return;
    const entry = entrySchema.safeParse(document.value);
    if (!entry.success) return;
    const { receiver, firing, atUnixMs } = entry.data;
    onTold(channels.get(receiver)?.spec.name ?? receiver, firing, atUnixMs);
  });
}
