import { LOGIN_EXPIRED } from './login.ts';

/**
 * What went wrong, in etcd's or our words. `LEASE_NOT_FOUND`, `COMPACTED`, `FUTURE_REVISION`, `NO_SPACE` and `NO_LEADER` are
 * etcd's own states, `AUTH_TOKEN` and `CLOSED` ours; the rest follow gRPC's status codes.
 */
export type EtcdErrorCode =
  | 'ABORTED'
  | 'AUTH_TOKEN'
  | 'CANCELLED'
  | 'CLOSED'
  | 'COMPACTED'
  | 'DEADLINE_EXCEEDED'
  | 'FAILED_PRECONDITION'
  | 'FUTURE_REVISION'
  | 'INTERNAL'
  | 'INVALID_ARGUMENT'
  | 'LEASE_NOT_FOUND'
  | 'NO_LEADER'
  | 'NO_SPACE'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'UNAUTHENTICATED'
  | 'UNAVAILABLE'
  | 'UNKNOWN';

/** The same call may succeed later, or at another endpoint, as it is. */
const TRANSIENT: ReadonlySet<EtcdErrorCode> = new Set([
  'ABORTED',
  'AUTH_TOKEN',
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'INTERNAL',
  'NO_LEADER',
  'RESOURCE_EXHAUSTED',
  'UNAVAILABLE',
  'UNKNOWN',
]);

export interface EtcdFailure {
  /** What was being done, in the infinitive: `list`, `put`, `keep alive`. */
  readonly operation: string;
  readonly code: EtcdErrorCode;
  /** What it was done to: a key, a prefix, a lease id. */
  readonly key: string;
  /** Where it was tried. */
  readonly endpoint: string;
  /** One clause for a person: why. */
  readonly reason: string;
  readonly cause?: unknown;
}

/** etcd refused, did not answer, or was not there. The message is one sentence that names what, where and why. */
export class EtcdError extends Error {
  override readonly name = 'EtcdError';
  readonly operation: string;
  readonly code: EtcdErrorCode;
  readonly key: string;
  readonly endpoint: string;
  readonly reason: string;

  constructor({ operation, code, key, endpoint, reason, cause }: EtcdFailure) {
    super(`cannot ${operation} ${key} at ${endpoint}: ${reason}`, { cause });
    this.operation = operation;
    this.code = code;
    this.key = key;
    this.endpoint = endpoint;
    this.reason = reason;
  }

  get transient(): boolean {
    return TRANSIENT.has(this.code);
  }

  /** The request may have been carried out although no answer came: read back before deciding. */
  get outcomeUnknown(): boolean {
    return this.transient && this.code !== 'NO_LEADER' && this.code !== 'AUTH_TOKEN';
  }
}

/** What etcd says in words, whatever status it puts them under. The first match counts. */
const BY_TEXT: readonly (readonly [text: string, code: EtcdErrorCode, reason?: string])[] = [
  ['requested lease not found', 'LEASE_NOT_FOUND', 'the lease does not exist any more'],
  ['required revision has been compacted', 'COMPACTED', 'the revision has been compacted'],
  ['required revision is a future revision', 'FUTURE_REVISION', 'it has not come that far'],
  ['context deadline exceeded', 'DEADLINE_EXCEEDED', 'no answer in time'],
  ['no leader', 'NO_LEADER', 'this member sees no leader'],
  ['leader changed', 'NO_LEADER', 'the leader is changing'],
  ['database space exceeded', 'NO_SPACE', "etcd's database is full: compact, defragment and disarm its NOSPACE alarm"],
  [LOGIN_EXPIRED, 'AUTH_TOKEN', 'the login has expired'],
  ['user name is empty', 'UNAUTHENTICATED', 'etcd demands a user name and password'],
  ['invalid user ID or password', 'UNAUTHENTICATED', 'etcd refused the user name or password'],
  ['permission denied', 'PERMISSION_DENIED', 'the etcd user may not do that'],
];

const BY_GRPC_CODE: Readonly<Record<number, EtcdErrorCode>> = {
  1: 'CANCELLED',
  2: 'UNKNOWN',
  3: 'INVALID_ARGUMENT',
  4: 'DEADLINE_EXCEEDED',
  7: 'PERMISSION_DENIED',
  8: 'RESOURCE_EXHAUSTED',
  9: 'FAILED_PRECONDITION',
  10: 'ABORTED',
  13: 'INTERNAL',
  14: 'UNAVAILABLE',
  16: 'UNAUTHENTICATED',
};

/** etcd3 drops the status code of unary calls and keeps a class instead; its names are part of its published types. */
const BY_ETCD3_CLASS: Readonly<Record<string, EtcdErrorCode>> = {
  GRPCCancelledError: 'CANCELLED',
  GRPCInvalidArgumentError: 'INVALID_ARGUMENT',
  GRPCDeadlineExceededError: 'DEADLINE_EXCEEDED',
  GRPCResourceExhastedError: 'RESOURCE_EXHAUSTED',
  GRPCFailedPreconditionError: 'FAILED_PRECONDITION',
  GRPCAbortedError: 'ABORTED',
  GRPCInternalError: 'INTERNAL',
  GRPCUnavailableError: 'UNAVAILABLE',
  GRPCUnauthenticatedError: 'UNAUTHENTICATED',
  EtcdLeaseInvalidError: 'LEASE_NOT_FOUND',
  EtcdPermissionDeniedError: 'PERMISSION_DENIED',
  EtcdAuthenticationFailedError: 'UNAUTHENTICATED',
  EtcdInvalidAuthTokenError: 'AUTH_TOKEN',
  // A connection that was given up while a call was on its way to it.
  ClientClosedError: 'UNAVAILABLE',
};

function codeOf(cause: Error): EtcdErrorCode {
  const status = 'code' in cause && typeof cause.code === 'number' ? BY_GRPC_CODE[cause.code] : undefined;
  return status ?? BY_ETCD3_CLASS[cause.constructor.name] ?? 'UNKNOWN';
}

/** `14 UNAVAILABLE: No connection established…` without the parts that repeat the code. */
function reasonOf(message: string): string {
  return message.replace(/^(?:\w+Error: )?(?:\d+ [A-Z_]+: )?/, '').trim() || 'no reason given';
}

/** Turns whatever etcd3 or gRPC threw into an {@link EtcdError}; one that is so already is kept. */
export function toEtcdError(cause: unknown, at: { operation: string; key: string; endpoint: string }): EtcdError {
  if (cause instanceof EtcdError) return cause;
  if (!(cause instanceof Error)) return new EtcdError({ ...at, code: 'UNKNOWN', reason: String(cause), cause });
  const known = BY_TEXT.find(([text]) => cause.message.includes(text));
  const code = known?.[1] ?? codeOf(cause);
  const late = code === 'DEADLINE_EXCEEDED' ? 'no answer in time' : undefined;
  return new EtcdError({ ...at, code, reason: known?.[2] ?? late ?? reasonOf(cause.message), cause });
}
