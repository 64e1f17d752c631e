import type { Document } from 'yaml';
import { ConfigError } from '../../native/host/config.ts';

/** What a document says, its aliases followed. @throws {ConfigError} for an alias of nothing, and for more of them than a file needs */
export function valuesOf(document: Document, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new ConfigError([`${path}: ${cause instanceof Error ? cause.message : String(cause)}`]);
  }
}
