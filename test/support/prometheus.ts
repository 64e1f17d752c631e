import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../cli/demo/ports.ts';
import { httpGet, startProcess, type TestProcess } from './processes.ts';
import { until } from './until.ts';

export interface PromSample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface PromRule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
  readonly alerts: readonly {
    readonly state: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

export interface Prometheus extends AsyncDisposable {
  readonly process: TestProcess;
  /** An instant query. */
  query(promql: string): Promise<PromSample[]>;
  /** Every alerting rule, and whether its last evaluation went well. */
  rules(): Promise<PromRule[]>;
  /** What it says of itself: one of its own counters, by name and labels as they stand there. */
  own(series: string): Promise<number>;
  /** What the server thinks of its only target. */
  target(): Promise<{ readonly health: string; readonly lastError: string }>;
}

interface Answer<T> {
  readonly status: string;
  readonly error?: string;
  readonly data: T;
}

/** One job with one target. */
export interface ScrapeJob {
  readonly job: string;
  readonly target: string;
  /** Shown as a bearer token. */
  readonly token?: string;
}

/** A real Prometheus that scrapes its targets once a second, and evaluates the rules of a file. */
export async function startPrometheus(targets: string | readonly ScrapeJob[], rulesFile?: string): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'weft-test-prometheus-'));
  const config = join(folder, 'prometheus.yml');
  const jobs = typeof targets === 'string' ? [{ job: 'weft', target: targets }] : targets;
  const scrapes = jobs.map(({ job, target, token }: ScrapeJob) => ({
    job_name: job,
    static_configs: [{ targets: [target] }],
    ...(token === undefined ? {} : { authorization: { credentials: token } }),
  }));
  writeFileSync(
    config,
    JSON.stringify({
      global: { scrape_interval: '1s', scrape_timeout: '1s' },
      scrape_configs: scrapes,
      rule_files: rulesFile === undefined ? [] : [rulesFile],
    }),
  );
  const listen = `127.0.0.1:${await freePort()}`;
  const child = await startProcess([
    'prometheus',
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=${listen}`,
  ]);
  const ask = async <T>(path: string): Promise<T> => {
    const { body } = await httpGet(`http://${listen}${path}`);
    const answer = JSON.parse(body) as Answer<T>;
    if (answer.status !== 'success') throw new RangeError(`${path}: ${answer.error ?? body}`);
    return answer.data;
  };
  await until(async () => (await httpGet(`http://${listen}/-/ready`)).status === 200, {
    what: 'Prometheus is ready',
    timeoutMs: 30_000,
  });
  return {
    process: child,
    query: async (promql) => {
      const path = `/api/v1/query?query=${encodeURIComponent(promql)}`;
      const { result } = await ask<{ result: { metric: Record<string, string>; value: [number, string] }[] }>(path);
      return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    rules: async () => {
      const { groups } = await ask<{ groups: { rules: PromRule[] }[] }>('/api/v1/rules');
      return groups.flatMap(({ rules }) => rules);
    },
    own: async (series) => {
      const { body } = await httpGet(`http://${listen}/metrics`);
      const line = body.split('\n').find((each) => each.startsWith(`${series} `));
      return Number(line?.slice(series.length + 1));
    },
    target: async () => {
      const { activeTargets } = await ask<{ activeTargets: { health: string; lastError: string }[] }>(
        '/api/v1/targets',
      );
      const [{ health, lastError } = { health: 'unknown', lastError: '' }] = activeTargets;
      return { health, lastError };
    },
    [Symbol.asyncDispose]: async () => {
      await child[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
