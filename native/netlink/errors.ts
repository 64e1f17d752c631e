import { constants } from 'node:os';

/** Two names share a number on Linux; the kernel's own text uses these. */
const PREFERRED: ReadonlySet<string> = new Set(['EAGAIN', 'EOPNOTSUPP', 'EDEADLK']);

function namesByErrno(): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const [name, errno] of Object.entries(constants.errno)) {
    if (!names.has(errno) || PREFERRED.has(name)) names.set(errno, name);
  }
  return names;
}

const NAMES = namesByErrno();

/** `EEXIST` for 17; a number that Node has no name for becomes `E524`. */
export function nameOfErrno(errno: number): string {
  return NAMES.get(errno) ?? `E${errno}`;
}

/** The positive number of a name that Node knows, such as 17 for `EEXIST`. */
export const ERRNO: Readonly<typeof constants.errno> = constants.errno;

/** What may pass by itself, without anything else being changed first. */
const TRANSIENT: ReadonlySet<string> = new Set(['EAGAIN', 'EBUSY', 'EINTR', 'ENOBUFS', 'ENOMEM', 'ETIMEDOUT']);

export interface NetlinkFailure {
  /** What was being done, in the infinitive: `replace route`, `decode link`. */
  readonly operation: string;
  /** Positive errno. */
  readonly errno: number;
  /** What it was done to: `10.5.7.0/24 dev flannel.1`, `IFLA_MTU`, a namespace. */
  readonly target: string;
  /** The kernel's own sentence (extended acknowledgement), or ours where no kernel spoke. */
  readonly kernelMessage?: string | undefined;
  readonly cause?: unknown;
}

/** The kernel refused, did not answer, or said what could not be decoded (`EBADMSG`). */
export class NetlinkError extends Error {
  override readonly name = 'NetlinkError';
  readonly operation: string;
  /** `EEXIST`, `ENODEV`… */
  readonly code: string;
  readonly errno: number;
  readonly target: string;
  readonly kernelMessage: string | undefined;

  constructor({ operation, errno, target, kernelMessage, cause }: NetlinkFailure) {
    const code = nameOfErrno(errno);
    const said = kernelMessage === undefined ? '' : ` (${kernelMessage})`;
    super(`cannot ${operation} ${target}: ${code}${said}`, { cause });
    this.operation = operation;
    this.code = code;
    this.errno = errno;
    this.target = target;
    this.kernelMessage = kernelMessage;
  }

  /** The same request may succeed a little later, as it is. */
  get transient(): boolean {
    return TRANSIENT.has(this.code);
  }
}
