import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Clock } from '../../native/host/clock.ts';
import type { Logger } from '../../native/host/log.ts';

/** A certificate or a key that cannot be used; one sentence that names the file. */
export class TlsFileError extends Error {
  override readonly name = 'TlsFileError';
}

export interface TlsPaths {
  readonly certPath: string;
  readonly keyPath: string;
}

/** What was read, PEM; known to belong together. */
export interface TlsFiles extends TlsPaths {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** When the first certificate of the chain ends, Unix milliseconds. */
  readonly expiresUnixMs: number;
}

/** How often the files are looked at, milliseconds. They are small, and a mounted secret changes by a link that no watch sees. */
const LOOK_EVERY_MS = 5000;

function attempt<Value>(what: string, work: () => Value): Value {
  try {
    return work();
  } catch (cause) {
    throw new TlsFileError(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Reads a certificate chain and its key and tries them together. @throws {TlsFileError} */
export function readTlsFiles({ certPath, keyPath }: TlsPaths): TlsFiles {
  const cert = attempt(`tls-cert: cannot read ${certPath}`, () => readFileSync(certPath));
  const key = attempt(`tls-key: cannot read ${keyPath}`, () => readFileSync(keyPath));
  const leaf = attempt(`tls-cert: ${certPath} holds no certificate in PEM`, () => new X509Certificate(cert));
  const privateKey = attempt(`tls-key: ${keyPath} holds no private key in PEM`, () => createPrivateKey(key));
  if (!leaf.checkPrivateKey(privateKey))
    throw new TlsFileError(`tls-key: the key in ${keyPath} does not belong to the certificate in ${certPath}`);
  attempt(`tls-cert: ${certPath} cannot be served`, () => createSecureContext({ cert, key }));
  return { certPath, keyPath, cert, key, expiresUnixMs: leaf.validToDate.getTime() };
}

export interface TlsReloadParts {
  readonly files: TlsFiles;
  /** Takes the new certificate into use; connections that are open keep theirs. */
  readonly use: (files: TlsFiles) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Looks at the files until the signal aborts. What changed is used as soon as both fit together; until then the former
 * certificate is served, and the log says why once.
 */
export async function followTlsFiles(parts: TlsReloadParts, signal: AbortSignal): Promise<void> {
  const { clock, log } = parts;
  let current = parts.files;
  let told: string | undefined;
  for (;;) {
    await clock.sleep(LOOK_EVERY_MS, signal);
    try {
      const files = readTlsFiles(current);
      told = undefined;
      if (files.cert.equals(current.cert) && files.key.equals(current.key)) continue;
      parts.use(files);
      current = files;
      log.info({ path: files.certPath, expires: new Date(files.expiresUnixMs).toISOString() }, 'certificate reloaded');
    } catch (err) {
      if (!(err instanceof TlsFileError)) throw err;
      if (told !== err.message) log.warn({ err }, 'new certificate cannot be used; the former one is served');
      told = err.message;
    }
  }
}
