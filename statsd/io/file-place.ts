/** Whom a file belongs to: told when the kernel removed its cgroup. */
export interface FileOwner {
  gone: boolean;
}

export interface FilePlace {
  /** Shared by the files of one cgroup, so that a path is text only when it is needed; may be empty. */
  readonly directory: string;
  readonly name: string;
  readonly keep: boolean;
  /** Made of records, of which the kernel gives a page at a time: read until there is no more, never in a batch. */
  readonly records?: boolean;
  /** Looked for at each read while it is missing, not ever more seldom. */
  readonly insistent?: boolean;
  readonly owner?: FileOwner;
}

/** Where a batch put the content of a file. */
export interface Fetched {
  readonly bytes: Uint8Array;
  readonly start: number;
  /** Bytes, or a negative errno. */
  readonly length: number;
  /** Stands for the text: see BulkRead. NaN where there is none. */
  readonly mark: number;
}
