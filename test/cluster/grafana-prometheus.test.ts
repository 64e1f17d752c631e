import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rulesYaml } from '../../dashboard/grafana/io/rules-yaml.ts';
import { translate } from '../../dashboard/grafana/model/prometheus-rule.ts';
import type { AlertRule } from '../../dashboard/model/alert/rule.ts';
import { OWN_RULES, STARTER_RULES } from '../../dashboard/model/alert/starter-rules.ts';
import { allExpressions, metricsIn, type Expression } from '../support/grafana/expressions.ts';
import { openDoor } from '../support/namespace-door.ts';
import { httpGet, startWeft, untilReady } from '../support/processes.ts';
import { startPrometheus, type Prometheus } from '../support/prometheus.ts';
import { startRealCluster, type RealCluster } from '../support/real-cluster.ts';
import { until } from '../support/until.ts';
import { metricsOf } from './dashboard-fixture.ts';

const RULES = [...STARTER_RULES, ...OWN_RULES];
const BUSY = 'while :; do i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 0.2; done';
const DISK =
  'while :; do dd if=/dev/zero of=/data/f bs=64k count=4 oflag=direct; dd if=/data/f of=/dev/null bs=64k iflag=direct; sleep 1; done';
const LIMITS = ['--memory=64m', '--cpus=0.5', '--pids-limit=50', '--label=com.docker.compose.project=shop'];

/** A stats agent that sees the overlay's device, which is in the host's own namespace; it is asked for nothing else. */
async function startInside(): Promise<string> {
  const [first] = cluster.overlay.hosts;
  const namespace = first?.ns.name ?? '';
  const listen = '127.0.0.1:9301';
  const state = `--state-dir=${cluster.dashboard.stateDir}/inside`;
  const argv = ['statsd', '--listen', listen, '--hostname', 'inside', '--cgroup-root', '/weft-test/none', state];
  const inside = stack.use(await startWeft(argv, { namespace }));
  await untilReady(inside, { listen, namespace });
  return stack.use(await openDoor(namespace, listen)).listen;
}

let stack: AsyncDisposableStack;
let cluster: RealCluster;
let prometheus: Prometheus;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'weft-test-grafana-')), (path) => {
    rmSync(path, { recursive: true });
  });
  cluster = stack.use(await startRealCluster({ dashboard: { flags: ['--webhook', 'http://127.0.0.1:9/'] } }));
  const { engine, dashboard, statsd, flannelListen } = cluster;
  const unchecked = ['--network=none', ...LIMITS];
  engine.start(['/bin/sh', '-c', BUSY], ['--name=web', ...unchecked, '--health-cmd=true', '--health-interval=1s']);
  engine.start(['/bin/sh', '-c', DISK], ['--name=disk', `--volume=${folder}:/data`, ...unchecked]);
  const rules = join(folder, 'rules.yaml');
  writeFileSync(rules, rulesYaml(RULES.map(translate)));
  prometheus = stack.use(
    await startPrometheus(
      [
        { job: 'statsd', target: statsd.listen },
        { job: 'inside', target: await startInside() },
        { job: 'flanneld', target: flannelListen },
        { job: 'dashboard', target: dashboard.listen, token: await dashboard.token('api-token') },
      ],
      rules,
    ),
  );
  await until(async () => (await prometheus.query('weft_statsd_container_restarts_total')).length === 2, {
    what: 'both containers are scraped',
    timeoutMs: 30_000,
  });
  engine.start(['/bin/sh', '-c', 'sleep 6; exit 3'], ['--name=bad', ...unchecked]);
}, 180_000);

afterAll(async () => {
  await stack.disposeAsync();
});

/** Asks until every expression has data, or half a minute is over; those that have none. */
async function withoutData(all: readonly Expression[]): Promise<readonly Expression[]> {
  let missing = all;
  await until(
    async () => {
      const asked = await Promise.all(
        missing.map(async (each) => ({ ...each, count: (await prometheus.query(each.expr)).length })),
      );
      missing = asked.filter(({ count }) => count === 0);
      return missing.length === 0;
    },
    { what: 'every query has data', timeoutMs: 60_000, everyMs: 1000 },
  ).catch(() => undefined);
  return missing.map(({ place, expr }) => ({ place, expr }));
}

test('the generated rule makes the same alert as the dashboard, out of a real exit', async () => {
  const name = 'ContainerExitedUnexpectedly';
  const theirs = await until(
    async () =>
      (await prometheus.rules()).find((rule) => rule.name === name)?.alerts.find(({ state }) => state === 'firing'),
    { what: `${name} fires in Prometheus`, timeoutMs: 60_000 },
  );
  const ours = await until(
    async () => {
      const { alerts } = (await cluster.dashboard.get('/alerts')) as {
        alerts: { labels: Record<string, string>; annotations: Record<string, string>; state: string }[];
      };
      return alerts.find(({ labels, state }) => labels['alertname'] === name && state === 'firing');
    },
    { what: `${name} fires in the dashboard`, timeoutMs: 30_000 },
  );
  expect(theirs.labels).toEqual(ours.labels);
  expect(theirs.annotations).toEqual(ours.annotations);
  expect(theirs.labels).toMatchObject({
    container: 'bad',
    compose_project: 'shop',
    runtime: 'docker',
    severity: 'warning',
  });
});

test('every query of every dashboard has data', async () => {
  const dashboards = allExpressions(RULES).filter(({ place }) => place.startsWith('weft-'));
  expect(await withoutData(dashboards)).toEqual([]);
}, 90_000);

/** A rule that holds for every value: what it asks for has to be there. */
const always = (rule: AlertRule): AlertRule => ({
  ...rule,
  op: '!=',
  levels: [{ severity: 'warning', threshold: -12_345, recovery: -12_345 }],
  and: [],
  query: rule.query.agg === 'zeroIn' ? { ...rule.query, agg: 'last', windowMs: 0 } : rule.query,
});

test('every rule is evaluated, and what it looks at is there', async () => {
  const rules = await prometheus.rules();
  expect(rules.map(({ name }) => name)).toEqual(RULES.map(({ name }) => name));
  expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
  const looked = RULES.flatMap((rule) =>
    translate(always(rule)).said.map(({ alert, expr }) => ({ place: alert, expr })),
  );
  expect(await withoutData(looked)).toEqual([]);
}, 90_000);

test('every metric of the queries is one that an agent exports', async () => {
  const texts = [
    await cluster.statsd.metrics(),
    (await httpGet(`http://${cluster.flannelListen}/metrics`)).body,
    await metricsOf(cluster.dashboard),
  ];
  const exported = new Set(
    texts.flatMap((text) => Array.from(text.matchAll(/^([a-z]\w*)[{ ]/gim), ([, metric]) => metric)),
  );
  const ofPrometheus = new Set(['up', 'ALERTS']);
  const asked = new Set(allExpressions(RULES).flatMap(({ expr }) => metricsIn(expr)));
  expect(asked.size).toBeGreaterThan(60);
  expect([...asked].filter((metric) => !exported.has(metric) && !ofPrometheus.has(metric))).toEqual([]);
});
