import { readdirSync, readFileSync, statSync, watch, type FSWatcher } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { Runtime } from '../model/container.ts';

/** What a low-level runtime wrote down of one container; strings are as found. */
export interface RuntimeState {
  readonly runtime: Runtime;
  readonly id: string;
  /** As the runtime wrote it: a full directory path (runc) or a path in the hierarchy (crun). */
  readonly cgroup: { readonly kind: 'directory' | 'path'; readonly value: string };
  readonly createdAtUnixMs: number | undefined;
  readonly bundle: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

/** State files are a few KB; what is larger was not written by a runtime. */
const MAX_STATE_BYTES = 4 * 1024 * 1024;
const MAX_STATES_PER_ROOT = 10_000;

const runcStateSchema = z.object({
  id: z.string(),
  created: z.string().optional(),
  cgroup_paths: z.record(z.string(), z.string()).nullish(),
  config: z.object({ labels: z.array(z.string()).nullish() }),
});

const crunStatusSchema = z.object({
  'cgroup-path': z.string(),
  bundle: z.string().optional(),
  created: z.string().optional(),
});

const ociConfigSchema = z.object({ annotations: z.record(z.string(), z.string()).nullish() });

const unixMsOf = (text: string | undefined): number | undefined => {
  const value = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(value) ? undefined : value;
};

function parseJson(path: string): unknown {
  if (statSync(path).size > MAX_STATE_BYTES) throw new RangeError(`${path} is larger than ${MAX_STATE_BYTES} bytes`);
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** runc keeps annotations and the bundle as `key=value` in config.labels. */
export function annotationsOfLabels(labels: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    labels.flatMap((label) => {
      const equals = label.indexOf('=');
      return equals < 0 ? [] : [[label.slice(0, equals), label.slice(equals + 1)]];
    }),
  );
}

/** @throws when the file is not what runc writes. */
export function parseRuncState(
  value: unknown,
  controllers: readonly string[],
): Omit<RuntimeState, 'runtime'> | undefined {
  const state = runcStateSchema.parse(value);
  const paths = state.cgroup_paths ?? {};
  const directory = [...controllers, ''].flatMap((name) => paths[name] ?? [])[0] ?? Object.values(paths)[0];
  if (directory === undefined) return undefined;
  const { bundle, ...annotations } = annotationsOfLabels(state.config.labels ?? []);
  return {
    id: state.id,
    cgroup: { kind: 'directory', value: directory },
    createdAtUnixMs: unixMsOf(state.created),
    bundle,
    annotations,
  };
}

function readRunc(folder: string, controllers: readonly string[]): Omit<RuntimeState, 'runtime'> | undefined {
  return parseRuncState(parseJson(join(folder, 'state.json')), controllers);
}

function readCrun(folder: string): Omit<RuntimeState, 'runtime'> {
  const status = crunStatusSchema.parse(parseJson(join(folder, 'status')));
  let annotations: Record<string, string> = {};
  try {
    annotations = ociConfigSchema.parse(parseJson(join(folder, 'config.json'))).annotations ?? {};
  } catch {
    // Names are a bonus: without its configuration the container is still one.
  }
  return {
    id: basename(folder),
    cgroup: { kind: 'path', value: `/${status['cgroup-path'].replace(/^\/+/, '')}` },
    createdAtUnixMs: unixMsOf(status.created),
    bundle: status.bundle,
    annotations,
  };
}

/** Who calls the low-level runtime, told by the folder it keeps its state in. */
export function runtimeOfRoot(root: string, format: 'runc' | 'crun'): Runtime {
  if (/\/docker\/runtime-[^/]+\//.test(`${root}/`)) return 'docker';
  if (/\/containerd\/(?:runc|crun)\//.test(`${root}/`)) return 'containerd';
  return format;
}

interface CachedState {
  readonly stamp: string;
  readonly state: RuntimeState | undefined;
}

export interface RuntimeStatesParts {
  /** State folders; a last component `*` stands for each folder there. They need not exist. */
  readonly roots: readonly string[];
  /** v1 controllers of the tree in which containers are looked for, or none on v2: which of runc's paths is meant. */
  readonly controllers: readonly string[];
  /** A container was made or removed under one of the roots. */
  readonly changed: () => void;
}

/** All containers that runc and crun know of, read from their state folders. */
export class RuntimeStates implements Disposable {
  readonly #parts: RuntimeStatesParts;
  readonly #cache = new Map<string, CachedState>();
  readonly #watchers = new Map<string, { readonly watcher: FSWatcher; readonly inode: number }>();

  constructor(parts: RuntimeStatesParts) {
    this.#parts = parts;
  }

  /** Reads what is new; `incomplete` when a folder has no readable state yet, as right after the container was made. */
  refresh(): { readonly states: readonly RuntimeState[]; readonly incomplete: boolean } {
    const folders = this.#roots().flatMap((root) => this.#foldersOf(root));
    const live = new Set(folders);
    for (const folder of this.#cache.keys()) if (!live.has(folder)) this.#cache.delete(folder);
    const states: RuntimeState[] = [];
    let incomplete = false;
    for (const folder of folders) {
      const state = this.#stateOf(folder);
      if (state === undefined) incomplete = true;
      else states.push(state);
    }
    return { states, incomplete };
  }

  /** The same by cgroup path; `pathOf` translates the full path of a directory, where that can be done. */
  refreshByPath(pathOf: (directory: string) => string | undefined): Map<string, RuntimeState> {
    const placed = this.refresh().states.flatMap((state) => {
      const { kind, value } = state.cgroup;
      const path = kind === 'path' ? value : pathOf(value);
      return path === undefined ? [] : [[path, state] as const];
    });
    return new Map(placed);
  }

  [Symbol.dispose](): void {
    for (const { watcher } of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #roots(): string[] {
    const roots = this.#parts.roots.flatMap((root) =>
      basename(root) === '*' ? this.#list(dirname(root)).map((name) => join(dirname(root), name)) : [root],
    );
    const live = new Map(
      roots.flatMap((root) => {
        const stats = statSync(root, { throwIfNoEntry: false });
        return stats?.isDirectory() === true ? [[root, stats.ino] as const] : [];
      }),
    );
    for (const [root, { watcher, inode }] of this.#watchers) {
      if (live.get(root) === inode) continue;
      watcher.close();
      this.#watchers.delete(root);
    }
    for (const [root, inode] of live) this.#watch(root, inode);
    return [...live.keys()];
  }

  #watch(root: string, inode: number): void {
    if (this.#watchers.has(root)) return;
    try {
      const watcher = watch(root, { persistent: false }, () => {
        this.#parts.changed();
      });
      watcher.on('error', () => undefined); // the rescan is the net
      this.#watchers.set(root, { watcher, inode });
    } catch {
      // Gone meanwhile, or inotify is exhausted: the rescan is the net.
    }
  }

  #list(folder: string): string[] {
    try {
      return readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
        .slice(0, MAX_STATES_PER_ROOT);
    } catch {
      return []; // not made yet, or gone
    }
  }

  #foldersOf(root: string): string[] {
    return this.#list(root).map((name) => join(root, name));
  }

  #stateOf(folder: string): RuntimeState | undefined {
    for (const format of ['runc', 'crun'] as const) {
      const stats = statSync(join(folder, format === 'runc' ? 'state.json' : 'status'), { throwIfNoEntry: false });
      if (stats === undefined) continue;
      const stamp = `${stats.ino} ${stats.mtimeMs} ${stats.size}`;
      const cached = this.#cache.get(folder);
      if (cached?.stamp === stamp) return cached.state;
      const state = this.#read(folder, format);
      // A file that cannot be understood is read again only when it changes.
      this.#cache.set(folder, { stamp, state });
      return state;
    }
    return undefined;
  }

  #read(folder: string, format: 'runc' | 'crun'): RuntimeState | undefined {
    try {
      const state = format === 'runc' ? readRunc(folder, this.#parts.controllers) : readCrun(folder);
      return state === undefined ? undefined : { ...state, runtime: runtimeOfRoot(dirname(folder), format) };
    } catch {
      return undefined;
    }
  }
}
