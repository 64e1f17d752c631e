import type { Seal } from './seal.ts';
import { sealFields, unsealFields } from './sealed-fields.ts';
import type { Store, TableSet } from './store.ts';

/** What the dashboard keeps as small JSON documents. */
export const DOCUMENT_KINDS = [
  'silence',
  'entry',
  'ack',
  'rule',
  'mute',
  'channel',
  'disabled',
  'host',
  'user',
  'session',
  'token',
  'view',
] as const;
export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

export interface StoredDocument {
  readonly kind: DocumentKind;
  readonly id: string;
  readonly updatedAtUnixMs: number;
  readonly value: unknown;
}

/** A document was put or removed here, or was told by another dashboard. */
export interface DocumentChange {
  readonly kind: DocumentKind;
  readonly id: string;
  /** `undefined` when it was removed. */
  readonly document: StoredDocument | undefined;
  readonly from: 'here' | 'elsewhere';
}

/** Kinds whose secret fields are written down sealed. */
const SEALED_KINDS: ReadonlySet<DocumentKind> = new Set(['channel']);

export const DOCUMENT_TABLES: TableSet = {
  name: 'documents',
  migrations: [
    `CREATE TABLE documents (
       kind TEXT NOT NULL, id TEXT NOT NULL, updated_at_unix_ms INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (kind, id)
     ) STRICT`,
  ],
};

/**
 * Documents in memory and on disk. What is put is known at once, also when the disk is full: then the caller is told, and what is
 * known here holds until the process ends.
 */
export class Documents {
  readonly #store: Store;
  readonly #seal: Seal;
  readonly #known = new Map<string, StoredDocument>();
  readonly #locked = new Set<string>();
  readonly #listeners: ((change: DocumentChange) => void)[] = [];
  readonly #put;
  readonly #remove;
  readonly #rows;

  constructor(store: Store, seal: Seal, onCorrupt: (record: string, error: unknown) => void) {
    this.#store = store;
    this.#seal = seal;
    this.#put = store.prepare(
      'INSERT OR REPLACE INTO documents (kind, id, updated_at_unix_ms, json) VALUES (?, ?, ?, ?)',
    );
    this.#remove = store.prepare('DELETE FROM documents WHERE kind = ? AND id = ?');
    this.#rows = store.prepare('SELECT * FROM documents ORDER BY kind, id');
    const rows = store.attempt('read', () => this.#rows.all());
    const readable: StoredDocument[] = [];
    for (const row of rows) {
      const kind = DOCUMENT_KINDS.find((each) => each === row['kind']);
      const id = String(row['id']);
      if (kind === undefined) continue;
      try {
        const { value, seal: found } = this.#decode(kind, id, String(row['json']));
        const document = { kind, id, updatedAtUnixMs: Number(row['updated_at_unix_ms']), value };
        this.#known.set(keyOf(kind, id), document);
        if (found === 'lost') this.#locked.add(keyOf(kind, id));
        if (found === 'none' && SEALED_KINDS.has(kind)) readable.push(document);
      } catch (error) {
        onCorrupt(`${kind} ${id}`, error);
      }
    }
    this.#sealAll(readable);
  }

  /** Whether a document has fields that cannot be opened: it was sealed with another key. They are left out of its value, and stay on the disk until it is put. */
  isLocked(kind: DocumentKind, id: string): boolean {
    return this.#locked.has(keyOf(kind, id));
  }

  listen(listener: (change: DocumentChange) => void): void {
    this.#listeners.push(listener);
  }

  all(kind: DocumentKind): readonly StoredDocument[] {
    return [...this.#known.values()].filter((document) => document.kind === kind);
  }

  get(kind: DocumentKind, id: string): StoredDocument | undefined {
    return this.#known.get(keyOf(kind, id));
  }

  /** @throws {StoreError} after it is known all the same. */
  put(document: StoredDocument, from: DocumentChange['from'] = 'here'): void {
    const { kind, id, updatedAtUnixMs } = document;
    this.#known.set(keyOf(kind, id), document);
    this.#locked.delete(keyOf(kind, id));
    this.#tell({ kind, id, document, from });
    this.#store.attempt('write', () => this.#put.run(kind, id, Math.round(updatedAtUnixMs), this.#encode(document)));
  }

  /** @throws {StoreError} */
  remove(kind: DocumentKind, id: string, from: DocumentChange['from'] = 'here'): void {
    if (!this.#known.delete(keyOf(kind, id))) return;
    this.#locked.delete(keyOf(kind, id));
    this.#tell({ kind, id, document: undefined, from });
    this.#store.attempt('write', () => this.#remove.run(kind, id));
  }

  /** Documents as they are on the disk at one moment: what is sealed stays sealed. @throws {StoreError} */
  stored(kinds: readonly DocumentKind[]): readonly StoredDocument[] {
    return this.#store
      .attempt('read', () => this.#rows.all())
      .flatMap((row) => {
        const kind = kinds.find((each) => each === row['kind']);
        if (kind === undefined) return [];
        const value: unknown = JSON.parse(String(row['json']));
        return [{ kind, id: String(row['id']), updatedAtUnixMs: Number(row['updated_at_unix_ms']), value }];
      });
  }

  /** Writes documents as {@link Documents.stored} gave them, all of them or none; they are known at the next opening. @throws {StoreError} */
  writeStored(documents: readonly StoredDocument[]): void {
    this.#store.transaction(() => {
      for (const { kind, id, updatedAtUnixMs, value } of documents)
        this.#put.run(kind, id, Math.round(updatedAtUnixMs), JSON.stringify(value));
    });
  }

  #encode({ kind, id, value }: StoredDocument): string {
    return JSON.stringify(SEALED_KINDS.has(kind) ? sealFields(value, this.#seal, keyOf(kind, id)) : value);
  }

  #decode(kind: DocumentKind, id: string, json: string): ReturnType<typeof unsealFields> {
    const stored: unknown = JSON.parse(json);
    return SEALED_KINDS.has(kind) ? unsealFields(stored, this.#seal, keyOf(kind, id)) : { value: stored, seal: 'none' };
  }

  /** Rows of before there was a key: sealed at once, and what they said is wiped off the file. */
  #sealAll(documents: readonly StoredDocument[]): void {
    if (documents.length === 0) return;
    this.#store.transaction(() => {
      for (const document of documents) {
        const { kind, id, updatedAtUnixMs } = document;
        this.#put.run(kind, id, Math.round(updatedAtUnixMs), this.#encode(document));
      }
    });
    this.#store.rewrite();
  }

  #tell(change: DocumentChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

function keyOf(kind: DocumentKind, id: string): string {
  return `${kind}/${id}`;
}
