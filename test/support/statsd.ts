import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../cli/demo/ports.ts';
import { httpGet, startProcess, untilReady, WEFT, type TestProcess } from './processes.ts';

export interface StatsdProcess extends AsyncDisposable {
  readonly process: TestProcess;
  /** `ADDRESS:PORT` of its status server. */
  readonly listen: string;
  metrics(): Promise<string>;
  /** The value of one of its own series, without labels. */
  own(metric: string): Promise<number>;
  /** The value of one container's series; `undefined` when there is none. */
  value(metric: string, cgroupPath: string): Promise<number | undefined>;
  /** Descriptors on cgroup files, inotify watches, and where all descriptors lead. */
  held(): { readonly cgroupFiles: number; readonly watches: number; readonly targets: readonly string[] };
}

/**
 * A real `weft statsd` with a status server on a free port; `wrap` is a program that starts it, such as one that takes rights
 * away.
 */
export async function startStatsd(flags: readonly string[], wrap: readonly string[] = []): Promise<StatsdProcess> {
  const state = mkdtempSync(join(tmpdir(), 'weft-test-statsd-'));
  const listen = `127.0.0.1:${await freePort()}`;
  chmodSync(state, 0o777); // the agent may be nobody
  const child = await startProcess([...wrap, WEFT, 'statsd', '--listen', listen, '--state-dir', state, ...flags]);
  const dispose = async (): Promise<void> => {
    await child[Symbol.asyncDispose]();
    rmSync(state, { recursive: true, force: true });
  };
  try {
    await untilReady(child, { listen });
  } catch (error) {
    await dispose();
    throw error;
  }
  const metrics = async (): Promise<string> => (await httpGet(`http://${listen}/metrics`)).body;
  return {
    process: child,
    listen,
    metrics,
    own: async (metric) => Number(new RegExp(`^${metric} (\\S+)$`, 'm').exec(await metrics())?.[1]),
    value: async (metric, cgroupPath) => {
      const line = (await metrics()).split('\n').find((each) => each.startsWith(`${metric}{id="${cgroupPath}"`));
      return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
    },
    held: () => {
      const folder = `/proc/${child.pid}`;
      const targets = readdirSync(`${folder}/fd`).flatMap((fd) => {
        try {
          return [{ fd, to: readlinkSync(`${folder}/fd/${fd}`) }];
        } catch {
          return []; // closed meanwhile
        }
      });
      const watches = targets
        .filter(({ to }) => to.includes('inotify'))
        .map(({ fd }) => readFileSync(`${folder}/fdinfo/${fd}`, 'utf8').match(/^inotify /gm)?.length ?? 0);
      return {
        cgroupFiles: targets.filter(({ to }) => to.startsWith('/sys/fs/cgroup')).length,
        watches: watches.reduce((sum, count) => sum + count, 0),
        targets: targets.map(({ to }) => to),
      };
    },
    [Symbol.asyncDispose]: dispose,
  };
}
