import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { Backoff } from '../../native/host/backoff.ts';
import type { Clock, RandomSource } from '../../native/host/clock.ts';
import { formatCidr4 } from '../../native/net/cidr.ts';
import { addIpv4, formatIpv4, type Ipv4 } from '../../native/net/ipv4.ts';
import { configKey, DEFAULT_ETCD_PREFIX } from '../../flannel/wire.ts';
import { diskUnder, type BlockDevice } from './block-device.ts';
import { makeCgroups } from './cgroups.ts';
import { formatSeconds, type Console } from './console.ts';
import { ContainerKeeper } from './container-keeper.ts';
import { buildContainerBridge } from './container-network.ts';
import { etcdPut } from './etcd.ts';
import type { ClusterPlan, HostPlan } from './plan.ts';
import type { Prerequisites } from './prerequisites.ts';
import { buildRootfs, writePages } from './rootfs.ts';
import { RULES_YAML } from './rules.ts';
import { Service, type Environment, type ServiceSpec } from './service.ts';
import {
  dashboardFolder,
  dashboardService,
  etcdEndpoint,
  etcdService,
  flanneldService,
  rulesFile,
  statsdService,
  type DemoPorts,
} from './services.ts';
import { parseSubnetEnv, type SubnetEnv } from './subnet-env.ts';
import { workloadsOf } from './workloads.ts';

export interface ClusterSettings {
  readonly plan: ClusterPlan;
  readonly ports: DemoPorts;
  readonly prerequisites: Prerequisites;
  readonly load: boolean;
  readonly cores: number;
  readonly webhooks: readonly string[];
  /** `ADDRESS:PORT` in the underlay behind which the dashboard is. */
  readonly relay: string;
}

export interface ClusterParts {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly console: Console;
  /** For the programs that are started. */
  readonly env: Environment;
  /** A process or container has another pid than before. */
  readonly onChange: () => void;
}

export interface ClusterHost {
  readonly plan: HostPlan;
  readonly flanneld: Service;
  readonly statsd: Service;
  readonly subnet: SubnetEnv;
}

/** The web server's address: the first after the gateway; the others follow in their order. */
function containerAddress(subnet: SubnetEnv, index: number): Ipv4 {
  return addIpv4(subnet.gateway.address, 1 + index);
}

/** The first retry comes fast enough that nobody notices; a program that keeps dying is left more and more time. */
const RESTART_BACKOFF = { firstMs: 200, maxMs: 4_000 };

/** Everything of a demo that runs, and the order in which it starts and stops. */
export class Cluster {
  readonly settings: ClusterSettings;
  readonly #parts: ClusterParts;
  /** Agents, dashboard and container keepers stop first, etcd after them. */
  readonly #agents = new AbortController();
  readonly #foundation = new AbortController();
  readonly #running: { readonly agents: Promise<void>[]; readonly foundation: Promise<void>[] } = {
    agents: [],
    foundation: [],
  };
  #hosts: ClusterHost[] = [];
  #containers: ContainerKeeper[] = [];
  #disk: BlockDevice | undefined;

  constructor(settings: ClusterSettings, parts: ClusterParts) {
    this.settings = settings;
    this.#parts = parts;
  }

  get hosts(): readonly ClusterHost[] {
    return this.#hosts;
  }

  get containers(): readonly ContainerKeeper[] {
    return this.#containers;
  }

  /** Writes the files that the programs read: root file system, pages, rules, tokens. */
  async prepareFiles(): Promise<void> {
    const { plan, prerequisites } = this.settings;
    const state = dashboardFolder(plan);
    await mkdir(state, { recursive: true, mode: 0o700 });
    const token = (): string => `${randomBytes(32).toString('base64url')}\n`;
    // Made here and not by the dashboard, so that the agents need not wait for it.
    await writeFile(`${state}/agent-token`, token(), { mode: 0o600 });
    await writeFile(`${state}/api-token`, token(), { mode: 0o600 });
    await writeFile(rulesFile(plan), RULES_YAML);
    await Promise.all([
      buildRootfs(`${plan.folder}/rootfs`, prerequisites.busybox),
      makeCgroups(plan.hosts.map((host) => host.cgroup)),
      ...plan.hosts.map(async (host) => {
        await mkdir(`${host.folder}/disk`, { recursive: true });
        await mkdir(host.runtimeRoot, { recursive: true });
        await writePages(`${host.folder}/www`, host.name);
      }),
    ]);
  }

  /** etcd, with the network configuration in it. @throws {FatalError} */
  async startEtcd(signal: AbortSignal): Promise<void> {
    const { plan, ports } = this.settings;
    await this.#launch(etcdService(plan, ports), this.#foundation, signal);
    const config = { Network: formatCidr4(plan.overlay), Backend: { Type: 'vxlan' } };
    await etcdPut(etcdEndpoint(ports), configKey(DEFAULT_ETCD_PREFIX), JSON.stringify(config));
  }

  /** The dashboard, and on each host both agents; every host then has its subnet. @throws {FatalError} */
  async startAgents(signal: AbortSignal): Promise<void> {
    const { plan, ports, webhooks, relay } = this.settings;
    const dashboard = this.#launch(dashboardService(plan, ports, webhooks), this.#agents, signal);
    const hosts = plan.hosts.map(async (host): Promise<ClusterHost> => {
      const [flanneld, statsd] = await Promise.all([
        this.#launch(flanneldService(plan, host, ports), this.#agents, signal),
        this.#launch(statsdService(plan, host, relay), this.#agents, signal),
      ]);
      return { plan: host, flanneld, statsd, subnet: parseSubnetEnv(await readFile(host.subnetFile, 'utf8')) };
    });
    [this.#hosts] = await Promise.all([Promise.all(hosts), dashboard]);
  }

  /** The containers of every host, all on the overlay. @throws {CommandError | NetlinkError} */
  async startContainers(signal: AbortSignal): Promise<void> {
    this.#disk = await diskUnder(this.settings.plan.folder);
    const perHost = this.#hosts.map((host, index) => this.#keepersOf(host, index));
    this.#containers = perHost.flat();
    await Promise.all(
      perHost.map(async (keepers, index) => {
        const host = this.#hosts[index];
        if (host !== undefined) await buildContainerBridge(host.plan.name, host.subnet);
        for (const keeper of keepers) {
          signal.throwIfAborted();
          await keeper.start();
        }
      }),
    );
    for (const keeper of this.#containers) {
      this.#running.agents.push(keeper.keep(this.#agents.signal).catch(() => undefined));
    }
  }

  /** Ends all processes but the containers' own, agents before etcd. */
  async stop(): Promise<void> {
    this.#agents.abort();
    await Promise.all(this.#running.agents);
    this.#foundation.abort();
    await Promise.all(this.#running.foundation);
  }

  #keepersOf(host: ClusterHost, index: number): ContainerKeeper[] {
    const { plan, load, cores, prerequisites } = this.settings;
    const peer = this.#hosts[(index + 1) % this.#hosts.length] ?? host;
    const workloads = workloadsOf(
      {
        hosts: plan.hosts.length,
        hostNumber: host.plan.number,
        cores,
        pagesFolder: `${host.plan.folder}/www`,
        diskFolder: `${host.plan.folder}/disk`,
        disk: this.#disk,
        peerWebAddress: formatIpv4(containerAddress(peer.subnet, 0)),
      },
      load,
    );
    return workloads.map((workload, place) => {
      const spec = {
        host: host.plan,
        workload,
        address: containerAddress(host.subnet, place),
        subnet: host.subnet,
        rootfs: `${plan.folder}/rootfs`,
        runtime: prerequisites.runtime,
      };
      return new ContainerKeeper(
        spec,
        this.#supervision((keeper) => keeper.name),
      );
    });
  }

  async #launch(spec: ServiceSpec, until: AbortController, signal: AbortSignal): Promise<Service> {
    signal.throwIfAborted();
    const service = new Service(
      spec,
      this.#supervision((one) => one.spec.name),
    );
    this.#running[until === this.#agents ? 'agents' : 'foundation'].push(service.run(until.signal));
    const { promise, reject } = Promise.withResolvers<never>();
    const abort = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([service.firstReady, promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
    return service;
  }

  #supervision<T>(nameOf: (one: T) => string): {
    clock: Clock;
    env: Environment;
    backoff: Backoff;
    onDown: (one: T, how: string) => void;
    onBack: (one: T, afterMs: number) => void;
  } {
    const { clock, env, random, console, onChange } = this.#parts;
    return {
      clock,
      env,
      backoff: new Backoff({ ...RESTART_BACKOFF, random }),
      onDown: (one, how) => {
        console.say(`${nameOf(one)} is down (${how}); starting it again`);
        onChange();
      },
      onBack: (one, afterMs) => {
        console.say(`${nameOf(one)} is back after ${formatSeconds(afterMs).trim()}`);
        onChange();
      },
    };
  }
}
