import { dirname } from 'node:path';
import type { Clock, RandomSource } from '../native/host/clock.ts';
import { fileStats } from '../native/host/file-stats.ts';
import { orAfter } from '../native/host/or-after.ts';
import { awaitExit } from './exit-wait.ts';
import { ChangedFiles, type FilesStamp } from './io/changed-files.ts';
import { dockerExit, dockerMetadata, readDockerExit, type DockerConfig, type RuntimeExit } from './io/docker-files.ts';
import type { ExitFolders } from './io/exit-folders.ts';
import type { FoundMetadata, MetadataFiles, MetadataTarget } from './io/metadata.ts';
import { askSockets, socketsFor } from './io/runtime-socket.ts';
import type { RuntimeState } from './io/runtime-state.ts';
import { userOf, type Recognised } from './model/container.ts';
import type { ExitFacts } from './model/exited.ts';
import { admits, isOpen, type Filter } from './model/filter.ts';
import { identityOf, labelIn, type Identity, type RawMetadata } from './model/identity.ts';

/** One container, from its birth to its autopsy: the same object, under which what was found is remembered. */
export interface IdentityTarget extends Omit<MetadataTarget, 'bundle' | 'outer'> {
  /** The container that this one runs in. */
  readonly outer: IdentityTarget | undefined;
  /** What runc or crun wrote of it, as known now. */
  readonly state: () => RuntimeState | undefined;
}

export interface Learned {
  readonly identity: Identity;
  readonly runtime: string;
  /** `wait`: a filter asks for what is not known yet. */
  readonly verdict: 'show' | 'hide' | 'wait';
}

interface NextLook {
  readonly watched: readonly string[];
  readonly stamp: FilesStamp | undefined;
  /** `undefined` when only a change is waited for. */
  readonly retryMs: number | undefined;
}

/** How a container is followed. */
export interface Following {
  readonly learned: (learned: Learned) => void;
  /** It was there before this agent. */
  readonly beganUnseen: boolean;
  readonly signal: AbortSignal;
}

export interface IdentityKeeperParts {
  readonly files: MetadataFiles;
  readonly exitFolders: ExitFolders;
  /** Sockets of docker's API, asked for what files do not tell. */
  readonly sockets: readonly string[];
  /** Allow-list of label keys. */
  readonly labels: readonly string[];
  readonly filter: Filter;
  readonly clock: Clock;
  readonly random: RandomSource;
}

/** A look costs a millisecond: soon at first, when a daemon is about to write, then seldom. The last is repeated. */
const RETRY_MS = [100, 500, 2000, 10_000, 60_000, 300_000] as const;
/** Files that were found are compared this often: names, health and restart counts change. */
const COMPARE_EVERY_MS = 5000;
/** What is named by its path, or not at all, is not looked for again and again. */
const FEW_ATTEMPTS = 3;
const NAMED_BY_PATH: ReadonlySet<string> = new Set(['lxc', 'nspawn', 'libvirt', 'systemd']);
function stateMetadata(target: IdentityTarget): RawMetadata[] {
  const state = target.state();
  if (state === undefined) return [];
  const { annotations, runtime, createdAtUnixMs } = state;
  return [{ runtime, annotations, labels: {}, startedAtUnixMs: createdAtUnixMs }];
}

/**
 * Tells what a container is called and what it belongs to: at once what is known without reading, then what files tell,
 * looked for at growing intervals until they do, then again whenever they change. Sockets are asked last, and need not be.
 */
export class IdentityKeeper {
  readonly #parts: IdentityKeeperParts;
  readonly #found = new WeakMap<IdentityTarget, FoundMetadata>();
  /** When each was first looked up. */
  readonly #followedSince = new WeakMap<IdentityTarget, number>();
  readonly #changedFiles: ChangedFiles;

  constructor(parts: IdentityKeeperParts) {
    this.#parts = parts;
    this.#changedFiles = new ChangedFiles({ stats: fileStats(), everyMs: COMPARE_EVERY_MS });
  }

  /** After each tick: looks at files that may have changed. */
  ticked({ monotonicMs }: { readonly monotonicMs: number }): void {
    this.#changedFiles.look(monotonicMs);
  }

  /** What the cgroup path tells. */
  initial(recognised: Recognised): Identity {
    return this.#identityOf([], recognised);
  }

  /** What is known without reading anything. */
  known(target: IdentityTarget): Learned {
    const learned = this.#learn(target, stateMetadata(target));
    return isOpen(this.#parts.filter) ? learned : { ...learned, verdict: 'wait' };
  }

  /** Looks until nothing more is to be found or the signal aborts, and tells each time what is known now. */
  async follow(target: IdentityTarget, { learned, beganUnseen, signal }: Following): Promise<void> {
    const { clock, random } = this.#parts;
    this.#followedSince.set(target, clock.nowMs());
    let asked: DockerConfig | undefined;
    let beginning: readonly RawMetadata[] = [];
    for (let attempt = 0; ; attempt += 1) {
      const { found, stamp } = await this.#look(target, signal);
      asked ??= await this.#ask(target, found, { attempt, signal });
      signal.throwIfAborted();
      const sources = [...found.sources, ...this.#answered(target, asked), ...stateMetadata(target)];
      if (attempt === 0 && beganUnseen) beginning = await this.#beginning(target, sources);
      const now = this.#learn(target, [...sources, ...beginning]);
      learned(now);
      const complete = found.sources.length > 0 && !this.#wantsSocket(target, found, asked);
      if (complete && found.watched.length === 0) return;
      if (NAMED_BY_PATH.has(now.runtime) && attempt === FEW_ATTEMPTS) return;
      const retryMs = complete ? undefined : (RETRY_MS[attempt] ?? RETRY_MS[5]) * (0.5 + 0.5 * random());
      await this.#untilNextLook({ watched: found.watched, stamp, retryMs }, signal);
    }
  }

  /** Until files changed, or it is time to look again. */
  async #untilNextLook({ watched, stamp, retryMs }: NextLook, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const changed = (until: AbortSignal): Promise<void> => this.#changedFiles.next(watched, stamp, until);
    if (retryMs === undefined) await changed(signal);
    else if (watched.length === 0) await clock.sleep(retryMs, signal);
    else await orAfter({ clock, ms: retryMs, next: changed }, signal);
  }

  /** The start that processes tell, where nothing else does. */
  async #beginning(target: IdentityTarget, sources: readonly RawMetadata[]): Promise<readonly RawMetadata[]> {
    if (sources.some((source) => source.startedAtUnixMs !== undefined)) return [];
    const startedAtUnixMs = await this.#parts.files.beginning(target, () => this.#parts.clock.nowMs());
    return startedAtUnixMs === undefined ? [] : [{ annotations: {}, labels: {}, startedAtUnixMs }];
  }

  /** Reads the files; `stamp` is theirs from before that, so that what changes meanwhile differs. New ones have none. */
  async #look(
    target: IdentityTarget,
    signal: AbortSignal,
  ): Promise<{ readonly found: FoundMetadata; readonly stamp: FilesStamp | undefined }> {
    const before = this.#found.get(target)?.watched ?? [];
    const stamp = this.#changedFiles.stampOf(before);
    const outer = target.outer && { dockerFile: this.#dockerFile(target.outer) };
    const found = await this.#parts.files.read({ ...target, outer, bundle: target.state()?.bundle }, signal);
    this.#found.set(target, found);
    return { found, stamp: before.join() === found.watched.join() ? stamp : undefined };
  }

  /** How it ended, as its runtime tells within the next seconds; `undefined` when that adds nothing. */
  async autopsy(target: IdentityTarget, exit: ExitFacts, signal: AbortSignal): Promise<ExitFacts | undefined> {
    const look = this.#exitReader(target, exit);
    if (look === undefined) return undefined;
    const { clock, random } = this.#parts;
    const file = this.#dockerFile(target);
    const folder = file === undefined ? undefined : dirname(file);
    const told = await awaitExit({ look, folder, clock, random }, signal);
    return told && merged(exit, told);
  }

  #dockerFile(target: IdentityTarget): string | undefined {
    return this.#found.get(target)?.watched.find((path) => path.endsWith('/config.v2.json'));
  }

  /** Where the runtime writes how it ended; `undefined` for runtimes that write it nowhere. */
  #exitReader(target: IdentityTarget, exit: ExitFacts): (() => Promise<RuntimeExit | undefined>) | undefined {
    const { id } = target.recognised;
    const found = this.#found.get(target);
    const runtime = this.#runtimeOf(target, found?.sources ?? []);
    const file = this.#dockerFile(target);
    if (file !== undefined) return () => readDockerExit(file, exit.startedAtUnixMs);
    if (runtime === 'podman' || runtime === 'cri-o') {
      const since = exit.startedAtUnixMs ?? this.#followedSince.get(target) ?? exit.atUnixMs;
      const user = userOf(target.cgroupPath);
      return () => Promise.resolve(this.#parts.exitFolders.take({ id, user }, since));
    }
    const sockets = this.#socketsFor(target);
    if (runtime !== 'docker' || sockets.length === 0) return undefined;
    return async () => {
      const config = await askSockets(sockets, id, AbortSignal.timeout(1000));
      return config === undefined ? undefined : dockerExit(config, exit.startedAtUnixMs);
    };
  }

  /** Files hold no labels of podman's containers; of docker's they hold all. */
  #wantsSocket(target: IdentityTarget, { sources }: FoundMetadata, asked: DockerConfig | undefined): boolean {
    if (asked !== undefined || this.#socketsFor(target).length === 0) return false;
    const runtime = this.#runtimeOf(target, sources);
    if (runtime === 'podman') return true;
    return sources.length === 0 && (runtime === 'docker' || runtime === 'oci') && target.outer === undefined;
  }

  async #ask(
    target: IdentityTarget,
    found: FoundMetadata,
    { attempt, signal }: { readonly attempt: number; readonly signal: AbortSignal },
  ): Promise<DockerConfig | undefined> {
    // At first only files: a daemon may be busy making this very container.
    if (attempt === 0 || !this.#wantsSocket(target, found, undefined)) return undefined;
    return await askSockets(this.#socketsFor(target), target.recognised.id, signal);
  }

  #socketsFor({ cgroupPath }: IdentityTarget): string[] {
    return socketsFor(this.#parts.sockets, userOf(cgroupPath));
  }

  #answered(target: IdentityTarget, config: DockerConfig | undefined): RawMetadata[] {
    if (config === undefined) return [];
    return [dockerMetadata(config, target.recognised.runtime === 'podman' ? 'podman' : 'docker')];
  }

  #runtimeOf({ recognised }: IdentityTarget, sources: readonly RawMetadata[]): string {
    const told = sources.find((source) => source.runtime !== undefined)?.runtime;
    return (recognised.guessed ? told : undefined) ?? recognised.runtime ?? told ?? 'oci';
  }

  #identityOf(sources: readonly RawMetadata[], { id, kind, name, tags }: Recognised): Identity {
    return identityOf(sources, { id, kind, pathName: name, pathTags: tags, labels: this.#parts.labels });
  }

  #learn(target: IdentityTarget, sources: readonly RawMetadata[]): Learned {
    const { recognised, cgroupPath } = target;
    const identity = this.#identityOf(sources, recognised);
    const runtime = this.#runtimeOf(target, sources);
    const label = (key: string): string | undefined => labelIn(sources, key);
    const subject = { id: recognised.id, runtime, cgroupPath, identity, label };
    return { identity, runtime, verdict: admits(this.#parts.filter, subject) ? 'show' : 'hide' };
  }
}

function merged(exit: ExitFacts, told: RuntimeExit): ExitFacts {
  return {
    ...exit,
    exitCode: told.exitCode,
    // The kernel counts kills of any process below the cgroup, a runtime knows of its own: either is one.
    oomKilled: exit.oomKilled === true || told.oomKilled === true ? true : (exit.oomKilled ?? told.oomKilled),
    startedAtUnixMs: told.startedAtUnixMs ?? exit.startedAtUnixMs,
    finishedAtUnixMs: told.finishedAtUnixMs,
  };
}
