import type { TestNamespace } from './netns.ts';
import { httpGet, startProcess, type TestProcess } from './processes.ts';
import { until } from './until.ts';

export interface EtcdClusterMember {
  readonly name: string;
  readonly namespace: TestNamespace;
  readonly address: string;
  /** `http://192.168.77.201:2379` or `https://…`. */
  readonly endpoint: string;
  /** Runs and is not paused. */
  isUp(): boolean;
  /** Whether it takes itself for the leader now; a member that is paused or killed does not. */
  leads(): Promise<boolean>;
  /** What it wrote to stderr since its last start. */
  stderr(): string;
  kill(): Promise<void>;
  /** On the data it has; waits until it is healthy, unless it is `alone` without a quorum. */
  start(how?: { readonly alone: boolean }): Promise<void>;
  pause(): void;
  resume(): void;
  unplug(): void;
  plug(): void;
}

/** Where every member tells its health and its metrics, in its own namespace. */
export const METRICS = 'http://127.0.0.1:2381';

/** What a member is made of. */
export interface MemberPlan {
  readonly name: string;
  readonly namespace: TestNamespace;
  readonly address: string;
  readonly endpoint: string;
  readonly peerUrl: string;
  readonly port: string;
  readonly dataDir: string;
}

/** Gives a member its interface, on the bridge of the fabric. */
export function attach(fabric: TestNamespace, plan: MemberPlan): void {
  fabric.ip(`link add ${plan.port} type veth peer name eth0 netns ${plan.namespace.name}`);
  fabric.ip(`link set ${plan.port} master br0 up`);
  plan.namespace.ip(`addr add ${plan.address}/24 dev eth0`);
  plan.namespace.ip('link set eth0 up');
}

/** A process of etcd in its namespace, and its plug on the bridge. */
export class Member implements EtcdClusterMember {
  readonly plan: MemberPlan;
  readonly #fabric: TestNamespace;
  readonly #command: () => readonly string[];
  #child: TestProcess | undefined;
  #paused = false;

  constructor(plan: MemberPlan, fabric: TestNamespace, command: () => readonly string[]) {
    this.plan = plan;
    this.#fabric = fabric;
    this.#command = command;
  }

  get name(): string {
    return this.plan.name;
  }

  get namespace(): TestNamespace {
    return this.plan.namespace;
  }

  get address(): string {
    return this.plan.address;
  }

  get endpoint(): string {
    return this.plan.endpoint;
  }

  isUp(): boolean {
    return this.#child !== undefined && this.#child.exit() === undefined && !this.#paused;
  }

  stderr(): string {
    return this.#child?.stderr() ?? '';
  }

  async leads(): Promise<boolean> {
    return this.isUp() && (await this.metrics('metrics')).includes('\netcd_server_is_leader 1');
  }

  async kill(): Promise<void> {
    this.#child?.signal('SIGKILL');
    await this.#child?.exited;
    this.#paused = false;
  }

  async start(how: { readonly alone: boolean } = { alone: false }): Promise<void> {
    this.#child = await startProcess(this.#command(), { namespace: this.namespace.name });
    if (!how.alone) await this.healthy();
  }

  async healthy(): Promise<void> {
    const child = this.#child;
    await until(async () => child?.exit() !== undefined || (await this.metrics('health')).includes('"health":"true"'), {
      what: `etcd ${this.name} is healthy`,
      timeoutMs: 30_000,
      everyMs: 50,
    });
    if (child?.exit() !== undefined) throw new RangeError(`etcd ${this.name} ended: ${this.stderr().slice(-2000)}`);
  }

  async metrics(path: 'health' | 'metrics'): Promise<string> {
    return (await httpGet(`${METRICS}/${path}`, { namespace: this.namespace.name })).body;
  }

  pause(): void {
    this.#child?.signal('SIGSTOP');
    this.#paused = true;
  }

  resume(): void {
    this.#child?.signal('SIGCONT');
    this.#paused = false;
  }

  unplug(): void {
    this.#fabric.ip(`link set ${this.plan.port} down`);
  }

  plug(): void {
    this.#fabric.ip(`link set ${this.plan.port} up`);
  }

  async dispose(): Promise<void> {
    this.resume();
    await this.#child?.[Symbol.asyncDispose]();
  }
}
