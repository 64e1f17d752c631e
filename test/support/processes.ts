import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { inNamespace, tiedToParent } from '../../cli/demo/namespaces.ts';
import { packageRoot } from '../../native/host/package-root.ts';
import { run } from './netns.ts';
import { until } from './until.ts';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface TestProcess extends AsyncDisposable {
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The JSON lines of stderr. */
  readonly logs: () => Record<string, unknown>[];
  /** Settles when it has ended. */
  readonly exited: Promise<Exit>;
  /** `undefined` while it runs. */
  readonly exit: () => Exit | undefined;
  signal(name: NodeJS.Signals): void;
  /** SIGTERM, then SIGKILL after `graceMs` (5 s); gives how it ended. */
  stop(graceMs?: number): Promise<Exit>;
}

export interface ProcessOptions {
  readonly namespace?: string | undefined;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

function collect(child: ChildProcess, stream: 'stdout' | 'stderr'): () => string {
  const chunks: string[] = [];
  child[stream]?.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
  return () => chunks.join('');
}

function jsonLines(text: string): Record<string, unknown>[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : [];
    } catch {
      return []; // the last line may be half written
    }
  });
}

/** Starts a program that ends with its scope (`await using`) and, whatever happens, with the test process. */
export async function startProcess(argv: readonly string[], options: ProcessOptions = {}): Promise<TestProcess> {
  const [file = '', ...rest] = inNamespace(options.namespace, tiedToParent(argv));
  const child = spawn(file, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const stdout = collect(child, 'stdout');
  const stderr = collect(child, 'stderr');
  const { promise: exited, resolve } = Promise.withResolvers<Exit>();
  let exit: Exit | undefined;
  child.once('close', (code, signal) => {
    exit = { code, signal };
    resolve(exit);
  });
  const { promise: spawned, resolve: onSpawn, reject: onError } = Promise.withResolvers<undefined>();
  child.once('spawn', () => {
    onSpawn(undefined);
  });
  child.once('error', onError);
  await spawned;
  const stop = async (graceMs = 5000): Promise<Exit> => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    const ended = await exited;
    clearTimeout(timer);
    return ended;
  };
  return {
    pid: child.pid ?? 0,
    stdout,
    stderr,
    logs: () => jsonLines(stderr()),
    exited,
    exit: () => exit,
    signal: (name) => {
      child.kill(name);
    },
    stop,
    [Symbol.asyncDispose]: async () => {
      if (exit === undefined) await stop();
    },
  };
}

/** The launcher that an operator runs. */
export const WEFT = join(packageRoot(), 'cli/weft');

/** Starts `cli/weft <args>`; needs `npm run build:server`. */
export async function startWeft(args: readonly string[], options: ProcessOptions = {}): Promise<TestProcess> {
  return await startProcess([WEFT, ...args], options);
}

/** There for what hangs: an emulated machine may take several seconds. */
const ANSWER_WITHIN_MS = 20_000;

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

const FETCH = `
const [url, headers] = process.argv.slice(1);
const response = await fetch(url, { headers: JSON.parse(headers), signal: AbortSignal.timeout(${ANSWER_WITHIN_MS}) });
process.stdout.write(JSON.stringify({ status: response.status, body: await response.text() }));`;

/** GET from inside a namespace (or from here); throws when nobody answers. */
export async function httpGet(
  url: string,
  options: { readonly namespace?: string | undefined; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<HttpAnswer> {
  const headers = options.headers ?? {};
  if (options.namespace === undefined) {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    return { status: response.status, body: await response.text() };
  }
  const node = [process.execPath, '--input-type=module', '-e', FETCH, '--', url, JSON.stringify(headers)];
  return JSON.parse(run(...inNamespace(options.namespace, node))) as HttpAnswer;
}

/** Polls `/readyz` of `ADDRESS:PORT` until it says 200; fails at once with its stderr when the process ends first. */
export async function untilReady(
  child: TestProcess,
  at: { readonly listen: string; readonly namespace?: string | undefined; readonly timeoutMs?: number },
): Promise<void> {
  await until(
    async () =>
      child.exit() !== undefined ||
      (await httpGet(`http://${at.listen}/readyz`, { namespace: at.namespace })).status === 200,
    { what: `http://${at.listen}/readyz is 200`, timeoutMs: at.timeoutMs ?? 15_000, everyMs: 50 },
  );
  if (child.exit() !== undefined) {
    throw new RangeError(`the process ended before it was ready: ${child.stderr().slice(-4000)}`);
  }
}
