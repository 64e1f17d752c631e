import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { userOf, type Recognised, type Runtime } from '../model/container.ts';
import type { RawMetadata } from '../model/identity.ts';
import { findContainerdBundle, readBundle, type Bundle } from './bundle.ts';
import { findInStorage, type FoundFiles, type StorageLists, type StoragePlace } from './containers-storage.ts';
import { readJson } from './bounded-file.ts';
import { dockerConfigSchema, dockerMetadata, dockerRootOfMounts, findDockerConfig } from './docker-files.ts';
import { findInitProcess, type InitProcess } from './init-process.ts';
import { readMachined, readProxmox } from './machine-files.ts';
import { readRunBeginning } from './run-start.ts';
import { homeOf } from './user-homes.ts';

export interface MetadataPaths {
  /** What stands before every path: `/`, or where the host's root is mounted. */
  readonly hostRoot: string;
  readonly procRoot: string;
  readonly dockerRoot: string;
  readonly containersStorage: string;
  readonly containersRun: string;
  readonly containerdTasks: string;
}

export interface MetadataTarget {
  readonly recognised: Recognised;
  readonly cgroupPath: string;
  /** Full path of the container's cgroup.procs. */
  readonly procsFile: string;
  /** The bundle that a state file named, if one did. */
  readonly bundle: string | undefined;
  /** The container that this one runs in; docker's file of it, once that is found. */
  readonly outer: { readonly dockerFile: string | undefined } | undefined;
}

/** What files say of a container, most telling first. */
export interface FoundMetadata {
  readonly sources: readonly RawMetadata[];
  /** Files whose change may change it. */
  readonly watched: readonly string[];
}

/**
 * A thousand containers may be there at the start. Where more come and go than can be looked up, the line holds those that live: each
 * holds tens of kilobytes.
 */
const LOOKUPS_AT_ONCE = 16;

type FindInit = () => Promise<InitProcess | undefined>;

/** These start processes without a container engine, and tell of them in the environment. */
const ENVIRONMENT_TELLS: ReadonlySet<Runtime> = new Set(['mesos', 'nomad']);

const isFullId = (id: string): boolean => /^[0-9a-f]{64}$/.test(id);
/** An id becomes a path component only when it is one. */
const isComponent = (id: string): boolean => /^[\w.+@-]{1,255}$/.test(id) && !/^\.+$/.test(id);

/** Whether a runtime is one of these, or not known. */
const isOneOf = (runtime: Runtime | undefined, ...runtimes: readonly Runtime[]): boolean =>
  runtime === undefined || runtimes.includes(runtime);

/**
 * Docker's data folders that may know a container. One below a user's slice is the user's, and one in a container is that
 * container's: nobody else's files are asked, so that nobody can take another's name.
 */
async function dockerRoots(paths: MetadataPaths, { cgroupPath, outer }: MetadataTarget): Promise<string[]> {
  const { hostRoot } = paths;
  const uid = userOf(cgroupPath);
  const home = uid === undefined ? undefined : await homeOf(hostRoot, uid);
  if (uid !== undefined) return home === undefined ? [] : [join(hostRoot, home, '.local/share/docker')];
  return outer === undefined ? [join(hostRoot, paths.dockerRoot)] : await dockerRootsIn(hostRoot, outer.dockerFile);
}

async function storagePlace(paths: MetadataPaths, { cgroupPath }: MetadataTarget): Promise<StoragePlace | undefined> {
  const { hostRoot, containersStorage, containersRun } = paths;
  const uid = userOf(cgroupPath);
  if (uid === undefined)
    return { storage: join(hostRoot, containersStorage), run: join(hostRoot, containersRun), states: undefined };
  const home = await homeOf(hostRoot, uid);
  if (home === undefined) return undefined;
  const storage = join(hostRoot, home, '.local/share/containers/storage');
  const states = join(hostRoot, `/run/user/${uid}`);
  return { storage, run: join(states, 'containers'), states };
}

/** The docker in a docker container keeps its data in a volume: a folder of the host. */
async function dockerRootsIn(hostRoot: string, outerFile: string | undefined): Promise<string[]> {
  if (outerFile === undefined) return [];
  const mount = (await readJson(outerFile, dockerConfigSchema))?.MountPoints?.['/var/lib/docker'];
  if (typeof mount?.Source === 'string' && mount.Source.startsWith('/')) return [join(hostRoot, mount.Source)];
  if (mount?.Driver !== 'local' || typeof mount.Name !== 'string' || !isComponent(mount.Name)) return [];
  // A volume, whose folder docker knows and does not write down: <root>/containers/<id>/config.v2.json is the outer's file.
  return [join(dirname(dirname(dirname(outerFile))), 'volumes', mount.Name, '_data')];
}

const KUBE_NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** The kubelet names a container's logs after its attempts: the last number is how often it was started again. */
async function kubeRestarts(hostRoot: string, annotations: RawMetadata['annotations']): Promise<number | undefined> {
  const [namespace, pod, uid, name] = ['sandbox-namespace', 'sandbox-name', 'sandbox-uid', 'container-name'].map(
    (key) => annotations[`io.kubernetes.cri.${key}`] ?? '',
  );
  if (![namespace, pod, uid, name].every((part) => KUBE_NAME.test(part ?? ''))) return undefined;
  const folder = join(hostRoot, '/var/log/pods', `${namespace}_${pod}_${uid}`, name ?? '');
  const logs = await readdir(folder).catch(() => []);
  const attempts = logs.flatMap((file) => /^(\d{1,9})\.log/.exec(file)?.[1] ?? []).map(Number);
  return attempts.length === 0 ? undefined : Math.max(...attempts);
}

/** Reads the files of every runtime that may have made a container; no socket and no daemon is asked. */
export class MetadataFiles {
  readonly #paths: MetadataPaths;
  readonly #lists: StorageLists;
  readonly #atOnce = pLimit(LOOKUPS_AT_ONCE);
  /** Settles when the last of those that may hang is done. */
  #last: Promise<undefined> = Promise.resolve(undefined);

  constructor(paths: MetadataPaths, lists: StorageLists) {
    this.#paths = paths;
    this.#lists = lists;
  }

  /** Empty when there is nothing yet. @throws the signal's reason, if it aborts before it is this container's turn. */
  async read(target: MetadataTarget, signal: AbortSignal): Promise<FoundMetadata> {
    const { runtime } = target.recognised;
    const inTurn = async (): Promise<FoundMetadata> => {
      signal.throwIfAborted();
      return await this.#read(target);
    };
    // Homes may be on a network, and Proxmox' files are a process: they stand in a line of their own, and one that hangs holds one
    // thread, not all of them.
    const mayHang = userOf(target.cgroupPath) !== undefined || runtime === 'lxc' || runtime === 'libvirt';
    return mayHang ? await this.#alone(inTurn) : await this.#atOnce(inTurn);
  }

  /** When it began, for a container that was there before this agent and of which no file tells that. */
  async beginning(
    { procsFile, cgroupPath }: Pick<MetadataTarget, 'procsFile' | 'cgroupPath'>,
    nowMs: () => number,
  ): Promise<number | undefined> {
    return await readRunBeginning({ procfs: this.#paths.procRoot, directory: dirname(procsFile), cgroupPath }, nowMs);
  }

  /** One at a time, in the order of asking. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#last = promise;
    await before;
    try {
      return await work();
    } finally {
      resolve(undefined);
    }
  }

  async #read(target: MetadataTarget): Promise<FoundMetadata> {
    const init = this.#initOnce(target);
    const bundle = await this.#bundle(target, init);
    const found = [
      await this.#docker(target, bundle),
      await this.#stored(target),
      bundle === undefined ? undefined : await this.#restarts(bundle.metadata),
      await this.#named(target),
      await this.#environment(target, init),
    ].filter((each) => each !== undefined);
    return { sources: found.map(({ metadata }) => metadata), watched: found.flatMap(({ watched }) => watched) };
  }

  #initOnce({ procsFile, cgroupPath, recognised }: MetadataTarget): FindInit {
    let found: Promise<InitProcess | undefined> | undefined;
    const environment = recognised.runtime !== undefined && ENVIRONMENT_TELLS.has(recognised.runtime);
    const place = { procfs: this.#paths.procRoot, directory: dirname(procsFile), cgroupPath, environment };
    return () => (found ??= findInitProcess(place));
  }

  async #bundle({ recognised, outer }: MetadataTarget, init: FindInit): Promise<Bundle | undefined> {
    const { id, runtime } = recognised;
    // What an inner containerd wrote is not in a folder of the host.
    if (outer !== undefined || !isComponent(id) || !isOneOf(runtime, 'containerd', 'docker')) return undefined;
    return await findContainerdBundle(this.#paths, { id, init });
  }

  async #docker(target: MetadataTarget, bundle: Bundle | undefined): Promise<FoundFiles | undefined> {
    const { id, runtime, guessed } = target.recognised;
    if (!isFullId(id) || !(guessed || isOneOf(runtime, 'docker'))) return undefined;
    const inMounts = dockerRootOfMounts(bundle?.mountSources ?? [], id);
    const elsewhere = inMounts === undefined ? [] : [join(this.#paths.hostRoot, inMounts)];
    const found = await findDockerConfig([...(await dockerRoots(this.#paths, target)), ...elsewhere], id);
    return found && { metadata: dockerMetadata(found.config, 'docker'), watched: [found.file] };
  }

  async #stored(target: MetadataTarget): Promise<FoundFiles | undefined> {
    const { id, runtime } = target.recognised;
    if (!isFullId(id) || target.outer !== undefined || !isOneOf(runtime, 'podman', 'cri-o')) return undefined;
    const place = await storagePlace(this.#paths, target);
    return place && (await findInStorage(this.#lists, place, id));
  }

  async #restarts(metadata: RawMetadata): Promise<FoundFiles> {
    const restartCount = await kubeRestarts(this.#paths.hostRoot, metadata.annotations);
    return { metadata: { ...metadata, restartCount }, watched: [] };
  }

  /** What names it by its path or by a state file, and has files of its own. */
  async #named({ recognised, bundle }: MetadataTarget): Promise<FoundFiles | undefined> {
    const { hostRoot } = this.#paths;
    const { runtime, id } = recognised;
    let metadata: RawMetadata | undefined;
    if (bundle?.startsWith('/') === true) metadata = (await readBundle(join(hostRoot, bundle)))?.metadata;
    else if (runtime !== undefined && /^\d{1,9}$/.test(id) && isOneOf(runtime, 'lxc', 'libvirt'))
      metadata = await readProxmox(hostRoot, id);
    else if (runtime !== undefined && isComponent(id) && isOneOf(runtime, 'nspawn', 'libvirt'))
      metadata = await readMachined(hostRoot, id);
    return metadata && { metadata, watched: [] };
  }

  async #environment({ recognised }: MetadataTarget, init: FindInit): Promise<FoundFiles | undefined> {
    const { runtime } = recognised;
    if (runtime === undefined || !ENVIRONMENT_TELLS.has(runtime)) return undefined;
    const variables = (await init())?.variables ?? {};
    if (Object.keys(variables).length === 0) return undefined;
    const runtimeName = runtime === 'mesos' ? variables['MESOS_TASK_ID'] : undefined;
    return { metadata: { annotations: {}, labels: {}, variables, runtimeName }, watched: [] };
  }
}
