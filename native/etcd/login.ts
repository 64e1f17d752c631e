import { InterceptingCall, type CallOptions, type Interceptor, type StatusObject } from '@grpc/grpc-js';
import type { Etcd3 } from 'etcd3';

export interface EtcdUser {
  readonly username: string;
  readonly password: string;
}

/** What etcd says when a token is of no use any more. `user name is empty`: users were switched on after we came. */
const EXPIRED = ['invalid auth token', 'revision of auth store is old', 'user name is empty'];
/** Said to whom has a client certificate and no token, of the user with the certificate's name: users were switched on as well. */
const NOT_BY_CERTIFICATE = 'permission denied';
/** Replaces those texts: etcd3 would log in and send again without end on one of them. */
export const LOGIN_EXPIRED = 'weft: the login has expired';

/** etcd's simple tokens end in the index of the log at which they were given; a JWT does not. */
const TOKEN_WITH_INDEX = /^\w+\.(\d+)$/;

/** etcd without users answers a login with an error; its own clients then go on without one, and so do we. */
const NO_USERS = 'authentication is not enabled';

const isExpired = (words: string, token: string): boolean =>
  EXPIRED.some((text) => words.includes(text)) || (token === '' && words.includes(NOT_BY_CERTIFICATE));

/** One token for all members of a cluster: taken before the first request, and again when a member does not know it any more. */
export class Login {
  readonly #user: EtcdUser;
  /** Empty: etcd has no users. */
  #token: string | undefined;
  #pending: { readonly etcd: Etcd3; readonly done: Promise<void> } | undefined;

  constructor(user: EtcdUser) {
    this.#user = user;
  }

  /** Makes sure there is a token; asks `etcd` for one if not, and then tells what came of it. @throws what etcd3 throws. */
  async ensure(etcd: Etcd3, options: CallOptions, onAsked: (fault: unknown) => void): Promise<void> {
    if (this.#token !== undefined) return;
    if (this.#pending?.etcd === etcd) return this.#pending.done;
    const done = this.#take(etcd, options);
    done.then(() => {
      onAsked(undefined);
    }, onAsked);
    const pending = { etcd, done };
    this.#pending = pending;
    try {
      await pending.done;
    } finally {
      if (this.#pending === pending) this.#pending = undefined;
    }
  }

  /**
   * Whether a member that does not answer may be waiting for its log to come as far as the token's: it judges no token before,
   * and the log of a store that was restored begins anew.
   */
  get mayBeWaitedFor(): boolean {
    return this.#index !== undefined;
  }

  /** Forgets a token that a member with a log of this length cannot judge. */
  judge(raftIndex: bigint): void {
    const index = this.#index;
    if (index !== undefined && index > raftIndex) this.#token = undefined;
  }

  /** Whether a watch was cancelled with these words for its login's sake; then the token is forgotten. A watch has no status for it. */
  endedWatch(words: string): boolean {
    const token = this.#token;
    if (token === undefined || !isExpired(words, token)) return false;
    this.#token = undefined;
    return true;
  }

  /** Puts the token on every call and stream, and forgets it when etcd refuses it. */
  readonly interceptor: Interceptor = (options, nextCall) => {
    const token = this.#token;
    return new InterceptingCall(nextCall(options), {
      start: (metadata, _listener, next) => {
        if (token !== undefined && token !== '') metadata.set('token', token);
        next(metadata, {
          onReceiveStatus: (status, pass) => {
            pass(this.#judge(status, token));
          },
        });
      },
    });
  };

  get #index(): bigint | undefined {
    const digits = TOKEN_WITH_INDEX.exec(this.#token ?? '')?.[1];
    return digits === undefined ? undefined : BigInt(digits);
  }

  /** The next {@link Login.ensure} asks for a new token, unless that was done since `token` was in use. */
  #forget(token: string | undefined): void {
    if (this.#token === token) this.#token = undefined;
  }

  #judge(status: StatusObject, token: string | undefined): StatusObject {
    if (token === undefined || !isExpired(status.details, token)) return status;
    this.#forget(token);
    return { ...status, details: LOGIN_EXPIRED };
  }

  async #take(etcd: Etcd3, options: CallOptions): Promise<void> {
    const { username: name, password } = this.#user;
    try {
      this.#token = (await etcd.auth.authenticate({ name, password }, options)).token;
    } catch (error) {
      if (!(error instanceof Error && error.message.includes(NO_USERS))) throw error;
      this.#token = '';
    }
  }
}
