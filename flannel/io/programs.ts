import { execFile, type ExecFileException } from 'node:child_process';
import { processEnvironment } from '../../native/host/config.ts';

export interface Program {
  readonly argv: readonly string[];
  /** For its standard input. */
  readonly input?: string;
}

/** Runs a program and gives its standard output. @throws {ProgramError}; the signal's reason. */
export type RunProgram = (program: Program, signal: AbortSignal) => Promise<string>;

/** A program that is not there, failed or did not end. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';
  readonly program: string;
  readonly isMissing: boolean;

  constructor(program: string, options: { reason: string; isMissing: boolean; cause: unknown }) {
    super(options.isMissing ? `${program} is not installed` : `${program}: ${options.reason}`, {
      cause: options.cause,
    });
    this.program = program;
    this.isMissing = options.isMissing;
  }
}

const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;
const TIMEOUT_MS = 30_000;
/** Of `sh` and `nsenter`, when they find no such program. */
const NOT_FOUND = 127;

/** The first line that says something; nft points at it with the lines below. */
function reasonOf(stderr: string, fallback: string): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  const line = lines.find((each) => each !== '' && !each.startsWith('#') && !each.startsWith('Warning'));
  return line?.replace(/^\/dev\/stdin:[\d:-]+ /, '').replace(/^Error: /, '') ?? fallback;
}

/** An empty PATH of a supervisor still finds what Debian keeps for root. */
function environment(): NodeJS.ProcessEnv {
  const known = processEnvironment();
  return { ...known, PATH: `${known['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`, LC_ALL: 'C' };
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/** Programs of this host; with a prefix, such as `nsenter --net=FILE`, as that one runs them. */
export function programsOf(prefix: readonly string[] = []): RunProgram {
  return async ({ argv, input = '' }, signal) => {
    signal.throwIfAborted();
    const [file = '', ...rest] = [...prefix, ...argv];
    const name = argv[0] ?? '';
    const options = { env: environment(), signal, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES };
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const onEnd = (cause: ExecFileException | null, stdout: string, stderr: string): void => {
      if (cause === null) {
        resolve(stdout);
        return;
      }
      const isMissing = cause.code === 'ENOENT' || Number(cause.code) === NOT_FOUND;
      const fallback = cause.killed === true ? `did not end within ${TIMEOUT_MS / 1000} s` : cause.message;
      reject(new ProgramError(name, { reason: reasonOf(stderr, fallback), isMissing, cause }));
    };
    try {
      const child = execFile(file, rest, { ...options, encoding: 'utf8' }, onEnd);
      child.stdin?.on('error', () => undefined); // it ended without reading: its exit says why
      child.stdin?.end(input);
    } catch (cause) {
      // Node throws what fork says of a host that is out of memory.
      throw new ProgramError(name, { reason: messageOf(cause), isMissing: false, cause });
    }
    try {
      return await promise;
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  };
}
