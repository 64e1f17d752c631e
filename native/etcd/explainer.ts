import type { Clock } from '../host/clock.ts';
import { diagnoseEndpoint } from './diagnose.ts';
import type { EtcdEndpoint } from './endpoint.ts';
import { EtcdError } from './errors.ts';
import type { EtcdUser } from './login.ts';
import { lackText, type Access } from './permission.ts';
import type { TlsSource } from './tls.ts';

export interface ExplainerOptions {
  readonly tls?: TlsSource | undefined;
  readonly auth?: EtcdUser | undefined;
  readonly clock: Clock;
  /** Prefixes that permissions are given for, for the sentence of what a user lacks; else the key is named. */
  readonly permissionRanges?: readonly string[] | undefined;
}

/** The reason of an outage is looked into once in this time. */
const DIAGNOSIS_VALID_MS = 2_000;

/** Says of an error what an operator can do about it. */
export class Explainer {
  readonly #options: ExplainerOptions;
  readonly #diagnoses = new Map<string, { readonly reason: string; readonly atMs: number }>();

  constructor(options: ExplainerOptions) {
    this.#options = options;
  }

  /**
   * Adds to "unavailable" why that is: refused, wrong scheme, unknown certificate… Asked again only after a while. Adds to
   * "permission denied" whose it is, and for what.
   */
  async explain(error: EtcdError, endpoint: EtcdEndpoint, access?: Access): Promise<EtcdError> {
    if (error.code === 'PERMISSION_DENIED' && access !== undefined) return this.#lack(error, access);
    if (error.code !== 'UNAVAILABLE' || error.cause instanceof EtcdError) return error;
    const reason = await this.#diagnose(endpoint);
    if (reason === undefined) return error;
    const { operation, code, key } = error;
    return new EtcdError({ operation, code, key, endpoint: endpoint.url, reason, cause: error });
  }

  #lack({ operation, code, key, endpoint, cause }: EtcdError, access: Access): EtcdError {
    const { auth, permissionRanges: ranges = [] } = this.#options;
    const reason = lackText({ user: auth?.username, access, key, ranges });
    return new EtcdError({ operation, code, key, endpoint, reason, cause });
  }

  async #diagnose(endpoint: EtcdEndpoint): Promise<string | undefined> {
    const { clock, tls } = this.#options;
    const known = this.#diagnoses.get(endpoint.url);
    if (known !== undefined && clock.monotonicMs() - known.atMs < DIAGNOSIS_VALID_MS) return known.reason;
    const reason = await diagnoseEndpoint(endpoint, tls?.current);
    if (reason !== undefined) this.#diagnoses.set(endpoint.url, { reason, atMs: clock.monotonicMs() });
    return reason;
  }
}
