import type { EtcdErrorCode } from './errors.ts';

/** One request at one endpoint; a call that fails over is several. */
export interface EtcdRequest {
  /** `list`, `put`, `keep alive`, `log in`. */
  readonly operation: string;
  readonly endpoint: string;
  readonly seconds: number;
  /** `undefined`: it was answered. */
  readonly error: EtcdErrorCode | undefined;
}

/** Who wants to know what the client does: for metrics and the log. Called synchronously; must not throw. */
export interface EtcdObserver {
  readonly onRequest?: ((request: EtcdRequest) => void) | undefined;
  /** What an operator should read, once: other endpoints were found, files were read again or cannot be used. */
  readonly onNotice?: ((sentence: string) => void) | undefined;
}
