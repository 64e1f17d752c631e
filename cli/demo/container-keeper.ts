import { mkdir, writeFile } from 'node:fs/promises';
import type { Backoff } from '../../native/host/backoff.ts';
import type { Clock } from '../../native/host/clock.ts';
import type { Ipv4 } from '../../native/net/ipv4.ts';
import { attachContainer, removePort } from './container-network.ts';
import { ociConfig } from './oci-config.ts';
import type { HostPlan } from './plan.ts';
import { processIdentity, stillRuns, type ProcessIdentity } from './process-identity.ts';
import { createContainer, deleteContainer, startContainer, type ContainerFiles, type OciRuntime } from './runtime.ts';
import type { SubnetEnv } from './subnet-env.ts';
import type { Workload } from './workloads.ts';

export interface ContainerSpec {
  readonly host: HostPlan;
  readonly workload: Workload;
  readonly address: Ipv4;
  readonly subnet: SubnetEnv;
  readonly rootfs: string;
  readonly runtime: OciRuntime;
}

export interface KeeperParts {
  readonly clock: Clock;
  readonly backoff: Backoff;
  readonly onDown: (keeper: ContainerKeeper, how: string) => void;
  readonly onBack: (keeper: ContainerKeeper, afterMs: number) => void;
}

const LIVENESS_POLL_MS = 400;

/** Keeps one container running: makes it, notices its death, makes it again on the same address. */
export class ContainerKeeper {
  readonly spec: ContainerSpec;
  readonly #parts: KeeperParts;
  readonly #files: ContainerFiles;
  #identity: ProcessIdentity | undefined;

  constructor(spec: ContainerSpec, parts: KeeperParts) {
    this.spec = spec;
    this.#parts = parts;
    const { host, workload } = spec;
    const bundle = `${host.folder}/containers/${workload.name}`;
    this.#files = { id: workload.name, runtimeRoot: host.runtimeRoot, bundle, logFile: `${bundle}/log` };
  }

  get name(): string {
    return `${this.spec.host.name} container ${this.spec.workload.name}`;
  }

  /** Of the container's first process; `undefined` while it is down. */
  get pid(): number | undefined {
    return this.#identity?.pid;
  }

  /** Absolute within each hierarchy. */
  get cgroup(): string {
    return `${this.spec.host.cgroup}/${this.spec.workload.name}`;
  }

  /** The name of its interface on the host; interface names end at 15 characters. */
  get #port(): string {
    return `v-${this.spec.workload.name}`.slice(0, 15);
  }

  /** Makes the container and lets it run. @throws {CommandError | NetlinkError} */
  async start(): Promise<void> {
    const { host, workload, address, subnet, rootfs, runtime } = this.spec;
    await mkdir(this.#files.bundle, { recursive: true, mode: 0o700 });
    const config = ociConfig(workload, { rootfs, cgroup: this.cgroup });
    await writeFile(`${this.#files.bundle}/config.json`, JSON.stringify(config));
    const pid = await createContainer(runtime, this.#files);
    await attachContainer({ namespace: host.name, port: this.#port, pid, address, subnet });
    await startContainer(runtime, this.#files);
    this.#identity = await processIdentity(pid);
  }

  /** Watches the container that {@link start} made until the signal aborts, and starts it again whenever it is gone. */
  async keep(signal: AbortSignal): Promise<void> {
    const { clock, backoff, onDown, onBack } = this.#parts;
    let downAtMs: number | undefined;
    for (;;) {
      if (downAtMs === undefined) {
        await clock.sleep(LIVENESS_POLL_MS, signal);
        if (this.#identity !== undefined && (await stillRuns(this.#identity))) continue;
        this.#identity = undefined;
        downAtMs = clock.monotonicMs();
        onDown(this, 'it ended');
      }
      await clock.sleep(backoff.nextMs(), signal);
      try {
        await this.#startAgain();
        onBack(this, clock.monotonicMs() - downAtMs);
        backoff.reset();
        downAtMs = undefined;
      } catch (error) {
        signal.throwIfAborted();
        onDown(this, String(error));
      }
    }
  }

  async #startAgain(): Promise<void> {
    await deleteContainer(this.spec.runtime, this.#files);
    await removePort(this.spec.host.name, this.#port);
    await this.start();
  }
}
