import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Alert } from '../../../dashboard/model/alert/alert.ts';
import { CPU_CORES, IMAGE, MEMORY_LIMIT_BYTES, OTHER_MTU_BYTES, ROOT_SIZE_BYTES, type Moment } from './live-world.ts';

/** Between two scrapes, and between two evaluations, seconds. */
export const SCRAPE_SECONDS = 5;
export const EVALUATION_SECONDS = 15;

/** One series as promtool reads it, and what an agent exports of a moment: a number, or nothing. */
interface Exported {
  readonly series: string;
  readonly value: (moment: Moment) => number | undefined;
}

const STATSD = 'job="statsd", instance="10.0.0.1:9101"';
const FLANNEL = 'job="flanneld", instance="10.0.0.1:9102"';
const OTHER = 'job="flanneld", instance="10.0.0.2:9102"';
const WEB = `${STATSD}, id="/docker/web", name="web", image="${IMAGE}"`;
const SHOP = 'runtime="docker", compose_project="shop", compose_service="web"';

const ofHost = (metric: string, labels: string, value: Exported['value']): Exported => ({
  series: `${metric}{${STATSD}${labels === '' ? '' : `, ${labels}`}}`,
  value: (moment) => (moment.silent === true ? undefined : value(moment)),
});
const ofWeb = (metric: string, value: Exported['value'], labels = ''): Exported => ({
  series: `${metric}{${WEB}${labels}}`,
  value: (moment) => (moment.silent === true || moment.gone === true ? undefined : value(moment)),
});
const life = (what: string, value: Exported['value']): Exported =>
  ofHost(`weft_statsd_container_${what}`, `name="web", image="${IMAGE}", ${SHOP}`, value);
const ofOverlay = (metric: string, labels: string, value: Exported['value']): Exported => ({
  series: `${metric}{${FLANNEL}${labels}}`,
  value: (moment) => (moment.overlayGone === true ? undefined : value(moment)),
});
const NETWORK = ', node_id="n1", backend="vxlan", vni="1"';

/** What Prometheus scrapes of the host, its container and the overlay; in the agents' own names and labels. */
const EXPORTED: readonly Exported[] = [
  { series: `up{${STATSD}}`, value: ({ silent }) => Number(silent !== true) },
  ofHost('weft_statsd_host_info', 'host="h1", node_id="n1"', () => 1),
  ofHost('machine_cpu_cores', '', () => CPU_CORES),
  ofHost('node_cpu_seconds_total', 'cpu="0", mode="user"', ({ cpuBusySeconds }) => cpuBusySeconds),
  ofHost('node_cpu_seconds_total', 'cpu="0", mode="idle"', () => 1e6),
  ofHost('node_pressure_memory_stalled_seconds_total', '', ({ memoryStalledSeconds }) => memoryStalledSeconds),
  ofHost('node_filesystem_avail_bytes', 'mountpoint="/"', ({ rootAvailableBytes }) => rootAvailableBytes),
  ofHost('node_filesystem_size_bytes', 'mountpoint="/"', () => ROOT_SIZE_BYTES),
  ofWeb('container_info', () => 1, `, ${SHOP}, kind="container"`),
  ofWeb('container_memory_working_set_bytes', ({ memoryWorkingSetBytes }) => memoryWorkingSetBytes),
  ofWeb('container_spec_memory_limit_bytes', () => MEMORY_LIMIT_BYTES),
  ofWeb('container_cpu_cfs_periods_total', ({ cpuPeriods }) => cpuPeriods),
  ofWeb('container_cpu_cfs_throttled_periods_total', ({ cpuThrottledPeriods }) => cpuThrottledPeriods),
  life('restarts_total', ({ restarts }) => restarts ?? 0),
  life('oom_kills_total', ({ oomKills }) => oomKills ?? 0),
  life('unexpected_exits_total', ({ unexpectedExits }) => unexpectedExits ?? 0),
  life('unhealthy', ({ unhealthy }) => (unhealthy === undefined ? undefined : Number(unhealthy))),
  { series: `up{${FLANNEL}}`, value: ({ overlayGone }) => Number(overlayGone !== true) },
  ofOverlay('weft_flannel_host_info', `, host="h1"${NETWORK}`, () => 1),
  ofOverlay('weft_flannel_etcd_connected', '', () => 1),
  ofOverlay('weft_flannel_mtu_bytes', '', ({ overlayMtuBytes }) => overlayMtuBytes ?? OTHER_MTU_BYTES),
  { series: `up{${OTHER}}`, value: () => 1 },
  { series: `weft_flannel_host_info{${OTHER}, host="h2", node_id="n2", backend="vxlan", vni="1"}`, value: () => 1 },
  { series: `weft_flannel_etcd_connected{${OTHER}}`, value: () => 1 },
  { series: `weft_flannel_mtu_bytes{${OTHER}}`, value: () => OTHER_MTU_BYTES },
];

/** A series that ends is marked so by Prometheus when a scrape fails or does not have it any more. */
function valuesOf({ value }: Exported, moments: readonly Moment[]): string {
  let known = false;
  const texts = moments.map((moment) => {
    const now = value(moment);
    const text = now === undefined ? (known ? 'stale' : '_') : String(now);
    known = now !== undefined;
    return text;
  });
  return texts.join(' ');
}

/** What has to fire at one moment. */
export interface Checkpoint {
  readonly second: number;
  readonly firing: readonly Pick<Alert, 'labels' | 'annotations'>[];
}

/** The test file for `promtool test rules`. */
function testFile(rulesFile: string, test: PromtoolTest): object {
  const moments = Array.from({ length: Math.floor(test.seconds / SCRAPE_SECONDS) + 1 }, (_, index) =>
    test.at(index * SCRAPE_SECONDS),
  );
  return {
    rule_files: [rulesFile],
    evaluation_interval: `${EVALUATION_SECONDS}s`,
    tests: [
      {
        interval: `${SCRAPE_SECONDS}s`,
        input_series: EXPORTED.map((each) => ({ series: each.series, values: valuesOf(each, moments) })),
        alert_rule_test: test.checkpoints.map(({ second, firing }) => ({
          eval_time: `${second}s`,
          alertname: test.alertname,
          exp_alerts: firing.map(({ labels, annotations }) => ({
            exp_labels: Object.fromEntries(Object.entries(labels).filter(([name]) => name !== 'alertname')),
            exp_annotations: annotations,
          })),
        })),
      },
    ],
  };
}

export interface PromtoolTest {
  readonly alertname: string;
  readonly seconds: number;
  readonly at: (second: number) => Moment;
  readonly checkpoints: readonly Checkpoint[];
}

/** Runs promtool with files of these texts in a folder of its own; what it says, and whether it was content. */
export function promtool(
  args: readonly string[],
  files: Readonly<Record<string, string>>,
): { readonly ok: boolean; readonly said: string } {
  const folder = mkdtempSync(join(tmpdir(), 'weft-test-promtool-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const options = { cwd: folder, encoding: 'utf8', stdio: 'pipe' } as const;
    return { ok: true, said: execFileSync('promtool', args, options) };
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return { ok: false, said: `${stderr}${stdout}` };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Holds rules against what they have to say at each checkpoint; what promtool says against it, or nothing. */
export function testRules(rulesYaml: string, test: PromtoolTest): string {
  const files = { 'rules.yaml': rulesYaml, 'test.yaml': JSON.stringify(testFile('rules.yaml', test)) };
  const { ok, said } = promtool(['test', 'rules', 'test.yaml'], files);
  return ok ? '' : said;
}
