import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tiedToParent } from '../../cli/demo/namespaces.ts';
import { freePort } from '../../cli/demo/ports.ts';
import { until } from './until.ts';

export interface TimeSeriesStore extends AsyncDisposable {
  /** Of its API: `http://127.0.0.1:9090`. */
  readonly url: string;
  readonly writeUrl: string;
  /** Values of an instant query, by their labels. */
  readonly query: (expression: string) => Promise<{ metric: Record<string, string>; value: [number, string] }[]>;
}

export type StoreKind = 'prometheus' | 'victoria-metrics';

/** Debian's own Prometheus or VictoriaMetrics on a free loopback port, data in a temporary folder; both are gone after its scope. */
export async function startTimeSeriesStore(kind: StoreKind): Promise<TimeSeriesStore> {
  const folder = await mkdtemp(join(tmpdir(), `weft-test-${kind}-`));
  const listen = `127.0.0.1:${await freePort()}`;
  const config = join(folder, 'prometheus.yml');
  await writeFile(config, 'global: {}\n');
  const argv = {
    prometheus: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=${listen}`,
      '--web.enable-remote-write-receiver',
    ],
    'victoria-metrics': [`-storageDataPath=${folder}/data`, `-httpListenAddr=${listen}`, '-search.latencyOffset=0s'],
  }[kind];
  const [command, ...rest] = tiedToParent([kind, ...argv]);
  const child = spawn(command ?? kind, rest, { stdio: 'ignore' });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const url = `http://${listen}`;
  const store: TimeSeriesStore = {
    url,
    writeUrl: `${url}/api/v1/write`,
    query: async (expression) => {
      const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`);
      const answer = (await response.json()) as { data: { result: [] } };
      return answer.data.result;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await until(
      async () => {
        const path = kind === 'prometheus' ? '/-/ready' : '/health';
        return (await fetch(`${url}${path}`).catch(() => undefined))?.ok === true;
      },
      { what: `${kind} is ready`, timeoutMs: 60_000 },
    );
    return store;
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}
