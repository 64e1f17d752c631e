import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { RawMetadata } from '../model/identity.ts';
import { tagVariables } from '../model/tags.ts';
import { readJson } from './bounded-file.ts';
import type { InitProcess } from './init-process.ts';

/** What of an OCI configuration is of use. */
const ociConfigSchema = z.object({
  annotations: z.record(z.string(), z.string()).nullish().catch(undefined),
  process: z
    .object({
      args: z.array(z.string()).nullish().catch(undefined),
      env: z.array(z.string()).nullish().catch(undefined),
    })
    .nullish()
    .catch(undefined),
  mounts: z
    .array(z.object({ source: z.string().nullish().catch(undefined) }))
    .nullish()
    .catch(undefined),
});

export interface Bundle {
  readonly metadata: RawMetadata;
  /** What is mounted from the host. */
  readonly mountSources: readonly string[];
}

/** The bundle in a folder: the container's OCI configuration. */
export async function readBundle(folder: string): Promise<Bundle | undefined> {
  const config = await readJson(join(folder, 'config.json'), ociConfigSchema);
  if (config === undefined) return undefined;
  return {
    metadata: {
      annotations: config.annotations ?? {},
      labels: {},
      program: config.process?.args?.[0],
      variables: tagVariables(config.process?.env ?? []),
    },
    mountSources: (config.mounts ?? []).flatMap(({ source }) => source ?? []),
  };
}

/** containerd's namespace for docker's containers. */
const MOBY = 'moby';

/** A bundle that containerd made: in its usual folder, else beside the one that the container's shim runs in. */
export async function findContainerdBundle(
  { hostRoot, containerdTasks }: { readonly hostRoot: string; readonly containerdTasks: string },
  { id, init }: { readonly id: string; readonly init: () => Promise<InitProcess | undefined> },
): Promise<Bundle | undefined> {
  const tasks = join(hostRoot, containerdTasks);
  const usual = (await readdir(tasks).catch(() => [])).map((namespace) => join(tasks, namespace, id));
  for (const folder of usual) {
    const bundle = await readBundle(folder);
    if (bundle !== undefined) return withRuntime(bundle, folder);
  }
  // A pod's containers share one shim, which runs in the sandbox's bundle: theirs are its neighbours.
  const cwd = (await init())?.shimFolder;
  const folder = cwd === undefined ? undefined : join(hostRoot, dirname(cwd), id);
  const bundle = folder === undefined ? undefined : await readBundle(folder);
  return bundle === undefined || folder === undefined ? undefined : withRuntime(bundle, folder);
}

function withRuntime(bundle: Bundle, folder: string): Bundle {
  const runtime = basename(dirname(folder)) === MOBY ? 'docker' : 'containerd';
  return { ...bundle, metadata: { ...bundle.metadata, runtime } };
}
