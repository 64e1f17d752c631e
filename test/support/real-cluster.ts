import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDashboard, type TestDashboard, type TestDashboardOptions } from '../cluster/dashboard-fixture.ts';
import { makeCluster, STATUS, type OverlayCluster } from '../cluster/flannel/cluster.ts';
import { startDockerd, type DockerEngine } from './docker.ts';
import { openDoor } from './namespace-door.ts';
import { startStatsd, type StatsdProcess } from './statsd.ts';

export interface RealCluster extends AsyncDisposable {
  readonly overlay: OverlayCluster;
  /** Its containers are the only ones that the stats agent sees. */
  readonly engine: DockerEngine;
  readonly statsd: StatsdProcess;
  readonly dashboard: TestDashboard;
  /** `/metrics` of the first host's overlay agent, as reached from here. */
  readonly flannelListen: string;
  /** Starts another stats agent in the place of one that was ended. */
  startStatsd(): Promise<StatsdProcess>;
}

export interface RealClusterOptions {
  readonly dashboard?: TestDashboardOptions;
  /** Further flags of the stats agent, and a program that starts it. */
  readonly statsd?: (engine: DockerEngine) => { readonly flags: readonly string[]; readonly wrap: readonly string[] };
}

/**
 * Everything real: etcd, two hosts with overlay agents, a dockerd on the first, a stats agent for it, a dashboard. The stats agent and
 * the overlay agent of the first host share a state folder, and so are one host to the dashboard.
 */
export async function startRealCluster(options: RealClusterOptions = {}): Promise<RealCluster> {
  const stack = new AsyncDisposableStack();
  try {
    const overlay = stack.use(await makeCluster({ hosts: 2 }));
    overlay.configure({ Network: '10.5.0.0/16', Backend: { Type: 'vxlan' } });
    const state = stack.adopt(mkdtempSync(join(tmpdir(), 'weft-test-real-')), (path) => {
      rmSync(path, { recursive: true, force: true });
    });
    const [first, second] = overlay.hosts;
    await Promise.all([first?.ready(`--state-dir=${state}`), second?.ready()]);
    const namespace = first?.ns.name ?? '';
    const etcd = stack.use(await openDoor(overlay.fabric.name, overlay.etcd.endpoint.replace('http://', '')));
    const status = stack.use(await openDoor(namespace, STATUS));
    const engine = stack.use(await startDockerd(namespace, ['--bridge=none', '--iptables=false', '--ip6tables=false']));
    const { flags = [], ...rest } = options.dashboard ?? {};
    const dashboard = stack.use(
      await startDashboard({ ...rest, flags: ['--etcd-endpoints', `http://${etcd.listen}`, ...flags] }),
    );
    const own = options.statsd?.(engine);
    const agents = stack.use(new AsyncDisposableStack());
    const launch = async (): Promise<StatsdProcess> =>
      agents.use(
        await startStatsd(
          [
            ...[
              '--cgroup-root',
              engine.cgroup,
              '--docker-root',
              join(engine.folder, 'data'),
              '--runtime-socket',
              'off',
            ],
            ...['--dashboard', dashboard.url, '--agent-token-file', join(dashboard.stateDir, 'agent-token')],
            // The kernel may count nobody's block IO yet, and once it does it goes on: no test may depend on another here.
            ...['--state-dir', state, '--enable-v1-io-accounting', ...(own?.flags ?? [])],
          ],
          own?.wrap,
        ),
      );
    const statsd = await launch();
    const owned = stack.move();
    return {
      overlay,
      engine,
      statsd,
      dashboard,
      flannelListen: status.listen,
      startStatsd: launch,
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
