import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CNI_CODES, CniError } from '../model/cni-error.ts';

/** What a plugin says: JSON or nothing on stdout, and its exit code. */
export interface PluginAnswer {
  readonly exitCode: number;
  readonly stdout: string;
}

/** The program of that name in the first of the folders that has it. @throws {CniError} code 7 */
export async function findPlugin(type: string, folders: readonly string[]): Promise<string> {
  for (const folder of folders) {
    const path = join(folder, type);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() === true) return path;
  }
  throw new CniError(
    CNI_CODES.invalidConfig,
    `there is no plugin "${type}" in ${folders.join(':')}: install it there, or name that folder in CNI_PATH`,
  );
}

export interface PluginCall {
  readonly path: string;
  readonly stdin: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface Ended {
  readonly exitCode: number | null;
  readonly endedBy: NodeJS.Signals | null;
}

function cannotStart(path: string, cause: Error): CniError {
  // Being replaced at this moment: an upgrade of the plugins.
  const busy = 'code' in cause && cause.code === 'ETXTBSY';
  const code = busy ? CNI_CODES.tryAgainLater : CNI_CODES.inputOutput;
  return new CniError(code, `cannot run ${path}: ${cause.message}`, cause);
}

function isErrorAnswer(stdout: string): boolean {
  try {
    const parsed: unknown = JSON.parse(stdout);
    return typeof parsed === 'object' && parsed !== null && 'code' in parsed;
  } catch {
    return false;
  }
}

/**
 * Runs a plugin with a configuration on its stdin; its stderr is ours. A failure that it explains is an answer. When the signal
 * aborts, the plugin is told to end and waited for. @throws {CniError} codes 5, 11, 999 when it does not run or says nothing of use
 */
export async function runPlugin({ path, stdin, env }: PluginCall, signal: AbortSignal): Promise<PluginAnswer> {
  const child = spawn(path, [], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...env } });
  const { promise: ended, resolve, reject } = Promise.withResolvers<Ended>();
  child.once('error', (cause) => {
    reject(cannotStart(path, cause));
  });
  child.once('close', (exitCode, endedBy) => {
    resolve({ exitCode, endedBy });
  });
  const stop = (): void => {
    // What it started may keep its stdout open.
    child.once('exit', () => child.stdout.destroy());
    child.kill('SIGTERM');
  };
  signal.addEventListener('abort', stop, { once: true });
  // One that refuses before it reads closes the pipe; its answer says why.
  child.stdin.once('error', () => undefined);
  child.stdin.end(stdin);
  const [stdout, { exitCode, endedBy }] = await Promise.all([text(child.stdout).catch(() => ''), ended]);
  signal.removeEventListener('abort', stop);
  if (exitCode === 0 && !signal.aborted) return { exitCode, stdout };
  if (exitCode !== null && isErrorAnswer(stdout)) return { exitCode, stdout };
  if (signal.aborted) throw new CniError(CNI_CODES.tryAgainLater, `stopped by a signal before ${path} was done`);
  const how = endedBy === null ? `with exit code ${exitCode ?? 'unknown'}` : `by ${endedBy}`;
  throw new CniError(CNI_CODES.internal, `${path} ended ${how} and without a CNI error on its stdout`);
}
