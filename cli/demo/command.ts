import { execFile, type ExecFileException } from 'node:child_process';

/** A program of the system ended badly or is missing; `target` is the command line. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly operation = 'run';
  /** Exit code, signal name, or an errno name such as `ENOENT`. */
  readonly code: string;
  readonly target: string;
  readonly stderr: string;

  constructor(target: string, failure: { readonly code: string; readonly stderr: string; readonly cause?: unknown }) {
    const said = failure.stderr.trim().slice(-2000);
    super(`${target}: ${failure.code}${said === '' ? '' : `: ${said}`}`, { cause: failure.cause });
    this.target = target;
    this.code = failure.code;
    this.stderr = said;
  }
}

export interface CommandOptions {
  /** Text for its standard input. */
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Output of the largest command that is run here (`ip -d link` on a big host) stays far below this. */
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

function codeOf(error: ExecFileException): string {
  return String(error.code ?? error.signal ?? 'failed');
}

/** Runs a program to its end and gives its standard output. @throws {CommandError} */
export async function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const [file = '', ...rest] = argv;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = execFile(
    file,
    rest,
    {
      encoding: 'utf8',
      maxBuffer: MAX_OUTPUT_BYTES,
      timeout: options.timeoutMs ?? 30_000,
      killSignal: 'SIGKILL',
      ...(options.env === undefined ? {} : { env: options.env }),
    },
    (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new CommandError(argv.join(' '), { code: codeOf(error), stderr, cause: error }));
    },
  );
  // A program that ends before it has read everything closes the pipe; its own exit tells the story.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input ?? '');
  return await promise;
}
