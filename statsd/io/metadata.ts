import { open, readdir, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Runtime } from '../model/container.ts';
import type { RawMetadata } from '../model/identity.ts';

export interface MetadataPaths {
  /** What stands before every path: `/`, or where the host's root is mounted. */
  readonly hostRoot: string;
  readonly procfs: string;
  readonly dockerRoot: string;
  readonly containersStorage: string;
  readonly containersRun: string;
  readonly containerdTasks: string;
}

export interface MetadataTarget {
  readonly id: string;
  readonly runtime: Runtime | undefined;
  /** The bundle that a state file named, if one did. */
  readonly bundle: string | undefined;
  /** Full path of the container's cgroup.procs, from which its shim is found. */
  readonly procsFile: string;
}

/** docker inspect's file is the largest, some tens of KB with many labels. */
const MAX_METADATA_BYTES = 8 * 1024 * 1024;

const stringRecord = z.record(z.string(), z.string());
const dockerConfigSchema = z.object({
  Name: z.string().optional(),
  Config: z.object({ Image: z.string().optional(), Labels: stringRecord.nullish() }).optional(),
  State: z.object({ StartedAt: z.string().optional() }).optional(),
});
const ociConfigSchema = z.object({ annotations: stringRecord.nullish() });
const storageListSchema = z.array(
  z.object({ id: z.string(), names: z.array(z.string()).nullish(), metadata: z.string().optional() }),
);
const storageMetadataSchema = z.object({ 'image-name': z.string().optional() });

/** Parses a JSON file of bounded size; `undefined` when it is absent or not what the schema says. */
async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  try {
    const handle = await open(path, 'r');
    try {
      if ((await handle.stat()).size > MAX_METADATA_BYTES) return undefined;
      return schema.safeParse(JSON.parse(await handle.readFile('utf8'))).data;
    } finally {
      await handle.close();
    }
  } catch {
    // Absent, unreadable or half-written: the name stays what it is and the caller tries again later.
    return undefined;
  }
}

async function fromDocker(paths: MetadataPaths, id: string): Promise<RawMetadata | undefined> {
  const config = await readJson(
    join(paths.hostRoot, paths.dockerRoot, 'containers', id, 'config.v2.json'),
    dockerConfigSchema,
  );
  if (config === undefined) return undefined;
  const startedAt = Date.parse(config.State?.StartedAt ?? '');
  return {
    runtime: 'docker',
    runtimeName: config.Name,
    image: config.Config?.Image,
    annotations: {},
    labels: config.Config?.Labels ?? {},
    // Docker writes year 1 for a container that has not started.
    startedAtUnixMs: startedAt > 0 ? startedAt : undefined,
  };
}

async function fromBundle(paths: MetadataPaths, bundle: string): Promise<RawMetadata | undefined> {
  const config = await readJson(join(paths.hostRoot, bundle, 'config.json'), ociConfigSchema);
  return config === undefined ? undefined : { annotations: config.annotations ?? {}, labels: {} };
}

async function firstPid(procsFile: string): Promise<number | undefined> {
  try {
    const handle = await open(procsFile, 'r');
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(32), 0, 32, 0);
      const pid = Number.parseInt(buffer.toString('latin1', 0, bytesRead), 10);
      return pid > 0 ? pid : undefined;
    } finally {
      await handle.close();
    }
  } catch {
    return undefined;
  }
}

/** The folder next to the working folder of the container's shim: `…/io.containerd.runtime.v2.task/<namespace>/<id>`. */
async function bundleByShim(paths: MetadataPaths, target: MetadataTarget): Promise<string | undefined> {
  const pid = await firstPid(target.procsFile);
  if (pid === undefined) return undefined;
  try {
    const handle = await open(`${paths.procfs}/${pid}/stat`, 'r');
    const stat = await handle.readFile('latin1').finally(() => handle.close());
    // The command may hold spaces and parentheses: the fields start after the last one.
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    const cwd = await readlink(`${paths.procfs}/${parent}/cwd`);
    return /\/io\.containerd\.runtime\.[^/]+\.task\//.test(cwd) ? join(dirname(cwd), target.id) : undefined;
  } catch {
    return undefined; // the process ended meanwhile
  }
}

async function fromContainerd(paths: MetadataPaths, target: MetadataTarget): Promise<RawMetadata | undefined> {
  const tasks = join(paths.hostRoot, paths.containerdTasks);
  const namespaces = await readdir(tasks).catch(() => []);
  for (const namespace of namespaces) {
    const found = await fromBundle(paths, join(paths.containerdTasks, namespace, target.id));
    if (found !== undefined) return { ...found, runtime: 'containerd' };
  }
  const bundle = await bundleByShim(paths, target);
  const found = bundle === undefined ? undefined : await fromBundle(paths, bundle);
  return found === undefined ? undefined : { ...found, runtime: 'containerd' };
}

async function fromContainersStorage(paths: MetadataPaths, id: string): Promise<RawMetadata | undefined> {
  const bundle = join(paths.containersRun, 'overlay-containers', id, 'userdata');
  const config = await fromBundle(paths, bundle);
  for (const list of ['containers.json', 'volatile-containers.json']) {
    const path = join(paths.hostRoot, paths.containersStorage, 'overlay-containers', list);
    const entry = (await readJson(path, storageListSchema))?.find((container) => container.id === id);
    if (entry === undefined) continue;
    const metadata = storageMetadataSchema.safeParse(safeJson(entry.metadata ?? '{}')).data;
    return {
      runtime: 'podman',
      annotations: config?.annotations ?? {},
      labels: {},
      runtimeName: entry.names?.[0],
      image: metadata?.['image-name'],
    };
  }
  return config === undefined ? undefined : { ...config, runtime: 'cri-o' };
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isFullId = (id: string): boolean => /^[0-9a-f]{64}$/.test(id);

/**
 * What the files of docker, containerd, podman and cri-o say of a container, most telling first; no socket and no daemon is
 * asked. Empty when there is nothing yet.
 */
export async function readMetadata(paths: MetadataPaths, target: MetadataTarget): Promise<RawMetadata[]> {
  const { id, runtime, bundle } = target;
  const may = (...runtimes: Runtime[]): boolean => runtime === undefined || runtimes.includes(runtime);
  // An id becomes a path component only when it is one.
  const named = /^[\w.+-]+$/.test(id) && !/^\.+$/.test(id);
  const found = await Promise.all([
    isFullId(id) && may('docker') ? fromDocker(paths, id) : undefined,
    named && may('containerd', 'docker') ? fromContainerd(paths, target) : undefined,
    isFullId(id) && may('podman', 'cri-o') ? fromContainersStorage(paths, id) : undefined,
    bundle === undefined ? undefined : fromBundle(paths, bundle),
  ]);
  return found.filter((each) => each !== undefined);
}
