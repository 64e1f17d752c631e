import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { FatalError } from '../../native/host/lifecycle.ts';
import type { Logger } from '../../native/host/log.ts';

/** Certificates to believe, PEM. @throws {Error} when the file cannot be read or does not begin with a certificate. */
function readAuthority(path: string): string {
  const pem = readFileSync(path, 'utf8');
  new X509Certificate(pem);
  return pem;
}

/**
 * Whom a dashboard's certificate must come from: a file of an own CA, read anew for each connection, or `undefined` for those
 * that the system believes. A file that becomes unreadable leaves what it said last.
 */
export class DashboardTrust {
  readonly #path: string;
  readonly #log: Logger;
  #last: string;

  private constructor(path: string, log: Logger) {
    this.#path = path;
    this.#log = log;
    this.#last = readAuthority(path);
  }

  /** @throws {FatalError} when the file cannot be read or holds no certificate. */
  static open(path: string, log: Logger): DashboardTrust {
    try {
      return new DashboardTrust(path, log);
    } catch (cause) {
      throw new FatalError(`cannot read a CA certificate from ${path}, which dashboard-ca names; expected PEM`, {
        cause,
      });
    }
  }

  current(): string {
    try {
      this.#last = readAuthority(this.#path);
    } catch (err) {
      this.#log.warn({ err }, `cannot read a CA certificate from ${this.#path}; going by what it was before`);
    }
    return this.#last;
  }
}
