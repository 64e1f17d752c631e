import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Clock } from '../host/clock.ts';

export interface EtcdTls {
  /** PEM; the system's own roots when absent. */
  readonly ca: Buffer | undefined;
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
}

/** Where the client finds what it shows and trusts: asked before every connection. */
export interface TlsSource {
  readonly current: EtcdTls;
  /** Looks for news. @returns whether {@link TlsSource.current} is another one now. Never throws. */
  refresh(): Promise<boolean>;
}

/** Contents that never change. */
export function fixedTls(tls: EtcdTls): TlsSource {
  return { current: tls, refresh: () => Promise.resolve(false) };
}

export interface TlsPaths {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** A TLS file cannot be read, or what the files hold does not fit together. The message is one sentence that names the file. */
export class TlsFileError extends Error {
  override readonly name = 'TlsFileError';
}

export interface TlsFilesOptions {
  readonly paths: TlsPaths;
  readonly clock: Clock;
  /** Told once for each state of the files that is not taken, and once when a new state is. */
  readonly onNotice?: ((sentence: string) => void) | undefined;
}

/** The files are looked at no more often than this. */
const LOOK_EVERY_MS = 1_000;

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

async function readPem(what: string, path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (cause) {
    throw new TlsFileError(`cannot read the etcd ${what} file: ${messageOf(cause)}`, { cause });
  }
}

async function stampOf(path: string | undefined): Promise<string> {
  if (path === undefined) return '';
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true });
    return `${ino}/${size}/${mtimeNs}`;
  } catch {
    return 'missing'; // reading it says why
  }
}

function assertPem(what: string, path: string | undefined, pem: Buffer | undefined): void {
  if (pem === undefined) return;
  try {
    new X509Certificate(pem);
  } catch (cause) {
    throw new TlsFileError(`the etcd ${what} file ${path ?? ''} holds no certificate in PEM`, { cause });
  }
}

/** @throws {TlsFileError} when one is no PEM, or certificate and key are not of one pair. */
function assertUsable({ ca, cert, key }: EtcdTls, paths: TlsPaths): void {
  assertPem('CA', paths.ca, ca);
  assertPem('certificate', paths.cert, cert);
  if (cert === undefined || key === undefined) return;
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    throw new TlsFileError(
      `the etcd certificate ${paths.cert ?? ''} and the key ${paths.key ?? ''} are no pair: ${messageOf(cause)}`,
      { cause },
    );
  }
}

/**
 * CA, certificate and key as the files hold them now. Files that change are read again; what they hold is taken only when all
 * of it can be used, so that a renewal that is under way, or went wrong, leaves the old ones in use.
 */
export class TlsFiles implements TlsSource {
  readonly #options: TlsFilesOptions;
  #current: EtcdTls;
  #stamp: string;
  /** A state that was refused, and whether that was told: files are replaced one after the other. */
  #refused: { readonly stamp: string; readonly isTold: boolean } | undefined;
  #lookedAtMs: number;
  #looking: Promise<boolean> | undefined;

  private constructor(options: TlsFilesOptions, found: { readonly tls: EtcdTls; readonly stamp: string }) {
    this.#options = options;
    this.#current = found.tls;
    this.#stamp = found.stamp;
    this.#lookedAtMs = options.clock.monotonicMs();
  }

  /** @throws {TlsFileError} */
  static async open(options: TlsFilesOptions): Promise<TlsFiles> {
    const stamp = await stampsOf(options.paths);
    return new TlsFiles(options, { tls: await readTls(options.paths), stamp });
  }

  get current(): EtcdTls {
    return this.#current;
  }

  async refresh(): Promise<boolean> {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#looking === undefined && nowMs - this.#lookedAtMs < LOOK_EVERY_MS) return false;
    this.#lookedAtMs = nowMs;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<boolean> {
    const { paths, onNotice } = this.#options;
    const stamp = await stampsOf(paths);
    if (stamp === this.#stamp) return false;
    try {
      this.#current = await readTls(paths);
    } catch (error) {
      if (!(error instanceof TlsFileError)) throw error;
      this.#refuse(stamp, error);
      return false;
    }
    this.#stamp = stamp;
    this.#refused = undefined;
    onNotice?.('the etcd TLS files have changed; the new ones are in use');
    return true;
  }

  #refuse(stamp: string, error: TlsFileError): void {
    const seenBefore = this.#refused?.stamp === stamp;
    if (seenBefore && this.#refused?.isTold === false) {
      this.#options.onNotice?.(`${error.message}; the ones read before stay in use`);
    }
    this.#refused = { stamp, isTold: seenBefore };
  }
}

async function stampsOf({ ca, cert, key }: TlsPaths): Promise<string> {
  return (await Promise.all([ca, cert, key].map(stampOf))).join(' ');
}

async function readTls(paths: TlsPaths): Promise<EtcdTls> {
  const [ca, cert, key] = await Promise.all([
    readPem('CA', paths.ca),
    readPem('certificate', paths.cert),
    readPem('key', paths.key),
  ]);
  assertUsable({ ca, cert, key }, paths);
  return { ca, cert, key };
}
