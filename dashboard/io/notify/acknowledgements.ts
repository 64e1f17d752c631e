import { z } from 'zod';
import type { Alert } from '../../model/alert/alert.ts';
import type { Documents } from '../documents.ts';

/** Somebody has seen an alert and is on it. */
export interface Acknowledgement {
  readonly by: string;
  readonly comment: string;
  readonly atUnixMs: number;
}

const schema = z.object({ by: z.string(), comment: z.string(), atUnixMs: z.number() });

/** Acknowledged alerts are not repeated; ends and new alerts are still told. An acknowledgement ends with its episode. */
export class Acknowledgements {
  readonly #documents: Documents;

  constructor(documents: Documents) {
    this.#documents = documents;
  }

  of({ fingerprint, state }: Pick<Alert, 'fingerprint' | 'state'>): Acknowledgement | undefined {
    if (state.kind !== 'firing') return undefined;
    const ack = schema.safeParse(this.#documents.get('ack', fingerprint)?.value);
    return ack.success ? ack.data : undefined;
  }

  put(fingerprint: string, ack: Acknowledgement): void {
    this.#documents.put({ kind: 'ack', id: fingerprint, updatedAtUnixMs: ack.atUnixMs, value: ack });
  }

  remove(fingerprint: string): void {
    this.#documents.remove('ack', fingerprint);
  }

  /** Called with every alert that changed: what ended takes its acknowledgement along. */
  follow(changed: readonly Alert[]): void {
    for (const { fingerprint, state } of changed) if (state.kind === 'resolved') this.remove(fingerprint);
  }
}
