import type { Clock, RandomSource } from '../../native/host/clock.ts';
import { FatalError } from '../../native/host/lifecycle.ts';
import { Waker } from '../../native/host/waker.ts';
import { formatCidr4 } from '../../native/net/cidr.ts';
import { formatIpv4 } from '../../native/net/ipv4.ts';
import { chooseNetworks } from './address-choice.ts';
import { Cluster } from './cluster.ts';
import type { Console } from './console.ts';
import { untilDashboardSees } from './dashboard-client.ts';
import { buildFabric, machineNetworks } from './fabric.ts';
import { takeLock } from './lock.ts';
import { createNamespaces } from './namespaces.ts';
import type { DemoOptions } from './options.ts';
import { DEMO_FOLDER, namespacesOf, planCluster, type ClusterPlan } from './plan.ts';
import { freePort } from './ports.ts';
import { assertPortFree, checkPrerequisites } from './prerequisites.ts';
import { processIdentity } from './process-identity.ts';
import { cleanUpLast, RecordKeeper } from './record-keeper.ts';
import { startRelay } from './relay.ts';
import type { Environment } from './service.ts';
import { dashboardUrl, readTokens, type DemoTokens } from './services.ts';
import { writeState } from './state-file.ts';
import { loginUrl, stateOf, summaryOf } from './summary.ts';
import { startWebhookReceiver } from './webhook-receiver.ts';

export interface DemoParts {
  readonly console: Console;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly pid: number;
  readonly userId: number;
  /** For the programs that are started; they are looked for in its PATH. */
  readonly env: Environment;
  readonly cores: number;
  readonly onUp: () => void;
}

async function planOf(options: DemoOptions): Promise<ClusterPlan> {
  const networks = chooseNetworks(await machineNetworks());
  if (networks === undefined) {
    throw new FatalError("no private address range is free: this machine's addresses and routes cover them all");
  }
  return planCluster(options.hosts, networks);
}

interface Running {
  readonly plan: ClusterPlan;
  readonly record: RecordKeeper;
  readonly options: DemoOptions;
  readonly parts: DemoParts;
}

/** Writes the state file, and says so when a restarted dashboard has another login token. */
function publisher(cluster: Cluster, { plan, record, options, parts }: Running): () => Promise<void> {
  let shown: DemoTokens | undefined;
  return async () => {
    // Between two dashboards there may be no login token; the one that comes back makes it and wakes this again.
    const tokens = (await readTokens(plan).catch(() => undefined)) ?? shown;
    if (tokens === undefined) return;
    if (shown !== undefined && shown.loginToken !== tokens.loginToken) {
      parts.console.say(`new login  ${loginUrl(dashboardUrl(cluster.settings.ports), tokens.loginToken)}`);
    }
    shown = tokens;
    if (options.state === undefined) return;
    await writeState(options.state, stateOf(cluster, tokens));
    await record.noteStateFile(options.state);
  };
}

async function bringUp(cluster: Cluster, { plan, parts }: Running, signal: AbortSignal): Promise<void> {
  const { console, clock } = parts;
  signal.throwIfAborted();
  await console.step('files, cgroups and pages', () => cluster.prepareFiles());
  await console.step('etcd', () => cluster.startEtcd(signal));
  await console.step(`dashboard, ${plan.hosts.length} flanneld and ${plan.hosts.length} statsd`, () =>
    cluster.startAgents(signal),
  );
  await console.step("containers, each with an address of its host's subnet", () => cluster.startContainers(signal));
  const { apiToken } = await readTokens(plan);
  const access = { url: dashboardUrl(cluster.settings.ports), apiToken };
  const expected = { hosts: cluster.hosts.length, containers: cluster.containers.length };
  await console.step(`dashboard shows ${expected.hosts} hosts and ${expected.containers} containers`, () =>
    untilDashboardSees(access, expected, { clock, signal }),
  );
}

async function runCluster(
  running: Running,
  prerequisites: Awaited<ReturnType<typeof checkPrerequisites>>,
  signal: AbortSignal,
): Promise<void> {
  const { plan, record, options, parts } = running;
  const { console } = parts;
  const layout = `fabric ${formatCidr4(plan.underlay)}, ${options.hosts} hosts, overlay ${formatCidr4(plan.overlay)}`;
  await console.step(layout, async () => {
    await createNamespaces(namespacesOf(plan));
    await buildFabric(plan);
    await record.noteKernelNumbers();
  });
  await using relay = await startRelay(formatIpv4(plan.machineAddress), options.port);
  await using receiver = await startWebhookReceiver((line) => {
    console.say(line);
  });
  const changed = new Waker();
  const settings = {
    plan,
    prerequisites,
    ports: { etcdClient: await freePort(), etcdPeer: await freePort(), dashboard: options.port },
    load: options.load,
    cores: parts.cores,
    webhooks: [receiver.url, ...options.webhook],
    relay: relay.listen,
  };
  const cluster = new Cluster(settings, {
    ...parts,
    onChange: () => {
      changed.wake();
    },
  });
  try {
    await bringUp(cluster, running, signal);
    const publish = publisher(cluster, running);
    await publish();
    console.say(summaryOf(cluster, await readTokens(plan)));
    parts.onUp();
    for (;;) {
      await changed.next(signal);
      await publish().catch((error: unknown) => {
        console.say(`the state file is out of date: ${String(error)}`);
      });
    }
  } finally {
    await cluster.stop();
  }
}

/** Brings the demo up, keeps it up until the signal aborts, and takes all of it down. @throws the signal's reason; {FatalError}. */
export async function runDemo(options: DemoOptions, parts: DemoParts, signal: AbortSignal): Promise<void> {
  const { console, pid, clock } = parts;
  const prerequisites = await checkPrerequisites(parts.userId, parts.env['PATH'] ?? '');
  await using _lock = await takeLock(pid);
  await cleanUpLast(DEMO_FOLDER, console);
  await assertPortFree(options.port);
  const plan = await planOf(options);
  const self = await processIdentity(pid);
  if (self === undefined) throw new FatalError(`cannot read /proc/${pid}/stat: the demo needs /proc`);
  signal.throwIfAborted();
  const record = await RecordKeeper.begin(DEMO_FOLDER, self, namespacesOf(plan));
  let stoppedAtMs: number | undefined;
  signal.addEventListener(
    'abort',
    () => {
      stoppedAtMs = clock.monotonicMs();
    },
    { once: true },
  );
  try {
    await runCluster({ plan, record, options, parts }, prerequisites, signal);
  } finally {
    const faults = await record.takeDown();
    for (const fault of faults) console.say(`could not be removed: ${fault}`);
    if (faults.length === 0 && stoppedAtMs !== undefined) {
      console.say(`everything is down and gone after ${((clock.monotonicMs() - stoppedAtMs) / 1000).toFixed(1)} s`);
    }
  }
}
