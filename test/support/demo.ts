import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../cli/demo/ports.ts';
import type { DemoState } from '../../cli/demo/state-file.ts';
import { run } from './netns.ts';
import { startWeft, type TestProcess } from './processes.ts';
import { until } from './until.ts';

export interface TestDemo extends AsyncDisposable {
  readonly process: TestProcess;
  readonly stateFile: string;
  readonly port: number;
  /** The state file as it is now. */
  state(): Promise<DemoState>;
  /** GET below /api/v1 with the API token. */
  api(path: string): Promise<unknown>;
}

export type DemoContainer = DemoState['containers'][number];

/** Starts `weft demo` on a free port and waits until it says that all is up; ends it with its scope. */
export async function startDemo(...args: readonly string[]): Promise<TestDemo> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-test-demo-'));
  const stateFile = join(folder, 'state.json');
  const port = await freePort();
  const child = await startWeft(['demo', '--port', String(port), '--state', stateFile, ...args]);
  const state = async (): Promise<DemoState> => JSON.parse(await readFile(stateFile, 'utf8')) as DemoState;
  const dispose = async (): Promise<void> => {
    if (child.exit() === undefined) await child.stop(20_000);
    await rm(folder, { recursive: true, force: true });
  };
  const demo: TestDemo = {
    process: child,
    stateFile,
    port,
    state,
    api: async (path) => {
      const { dashboard } = await state();
      const headers = { authorization: `Bearer ${dashboard.apiToken}` };
      const signal = AbortSignal.timeout(3000);
      const response = await fetch(`${dashboard.url}/api/v1/${path}`, { headers, signal });
      if (!response.ok) throw new RangeError(`${path}: HTTP ${response.status}`);
      const body: unknown = await response.json();
      return body;
    },
    [Symbol.asyncDispose]: dispose,
  };
  try {
    await until(() => child.exit() !== undefined || child.stdout().includes('up after'), {
      what: 'the demo is up',
      timeoutMs: 60_000,
      everyMs: 50,
    });
    if (child.exit() !== undefined) throw new RangeError(`the demo ended: ${child.stdout()}${child.stderr()}`);
    return demo;
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** A container of the demo. */
export function containerOf(state: DemoState, host: string, name: string): DemoContainer & { readonly pid: number } {
  const found = state.containers.find((each) => each.host === host && each.name === name);
  if (found?.pid === undefined) throw new RangeError(`no container ${name} on ${host}`);
  return { ...found, pid: found.pid };
}

/** Prefixes a command so that it runs in a container's network. */
export function inContainer(container: { readonly pid: number }, ...argv: readonly string[]): string[] {
  return ['nsenter', '--target', String(container.pid), '--net', '--', ...argv];
}

/** The demo's child whose command line fits; NaN while there is none. */
export function childPid(demo: TestDemo, pattern: RegExp): number {
  const table = run('ps', '-o', 'pid=,args=', '--ppid', String(demo.process.pid)).split('\n');
  const line = table.find((each) => pattern.test(each));
  return Number(/^\s*(\d+)/.exec(line ?? '')?.[1] ?? Number.NaN);
}
