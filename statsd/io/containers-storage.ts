import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { RawMetadata } from '../model/identity.ts';
import { parseJson, readBounded, readJson } from './bounded-file.ts';
import { readBundle } from './bundle.ts';
import { healthOf, unixMsOf } from './docker-files.ts';
import { readRunStart, runStateFiles } from './run-state.ts';

/** Folders of podman and cri-o: of the host, or of one user. */
export interface StoragePlace {
  /** Such as `/var/lib/containers/storage`. */
  readonly storage: string;
  /** Such as `/run/containers/storage`. */
  readonly run: string;
  /** Of one user: where runc and crun keep that user's states, such as `/run/user/1000`. */
  readonly states: string | undefined;
}

export interface FoundFiles {
  readonly metadata: RawMetadata;
  /** Files whose change may change what was found. */
  readonly watched: readonly string[];
}

const storageListSchema = z.array(
  z.object({
    id: z.string(),
    names: z.array(z.string()).nullish().catch(undefined),
    created: z.string().nullish().catch(undefined),
    metadata: z.string().nullish().catch(undefined),
  }),
);
const storageMetadataSchema = z.object({
  'image-name': z.string().optional().catch(undefined),
  'image-id': z.string().optional().catch(undefined),
});
const healthLogSchema = z.object({ status: z.string().optional().catch(undefined) });

/** An entry of `overlay-containers/containers.json`. */
export interface StorageEntry {
  readonly names: readonly string[];
  readonly createdAtUnixMs: number | undefined;
  readonly image: string | undefined;
  readonly imageId: string | undefined;
}

export function parseStorageList(text: string | undefined): ReadonlyMap<string, StorageEntry> {
  const entries = parseJson(text, storageListSchema) ?? [];
  return new Map(
    entries.map(({ id, names, created, metadata }) => {
      const image = parseJson(metadata ?? undefined, storageMetadataSchema);
      const entry = {
        names: names ?? [],
        createdAtUnixMs: unixMsOf(created),
        image: image?.['image-name'],
        imageId: image?.['image-id'],
      };
      return [id, entry];
    }),
  );
}

/** One for each storage driver that was ever used: `overlay-containers`, `vfs-containers`. */
async function driverFolders({ storage, run }: StoragePlace): Promise<string[]> {
  const folders = await Promise.all(
    [storage, run].map(async (folder) => {
      const names = await readdir(folder).catch(() => []);
      return names.filter((name) => name.endsWith('-containers')).map((name) => join(folder, name));
    }),
  );
  return folders.flat();
}

const LISTS = ['containers.json', 'volatile-containers.json'];
/** More lists than this are not kept parsed: one or two for the host and for each user with containers. */
const MAX_LISTS = 64;

/** The lists of all containers that podman and cri-o keep, parsed once for each version. */
export class StorageLists {
  readonly #kept = new Map<string, { readonly stamp: string; readonly entries: ReadonlyMap<string, StorageEntry> }>();

  /** The entry of a container and the list that has it. */
  async find(folders: readonly string[], id: string): Promise<{ entry: StorageEntry; file: string } | undefined> {
    for (const file of folders.flatMap((folder) => LISTS.map((list) => join(folder, list)))) {
      const entry = (await this.#entries(file)).get(id);
      if (entry !== undefined) return { entry, file };
    }
    return undefined;
  }

  async #entries(file: string): Promise<ReadonlyMap<string, StorageEntry>> {
    const stats = await stat(file).catch(() => undefined);
    if (stats === undefined) return new Map();
    const stamp = `${stats.ino} ${stats.mtimeMs} ${stats.size}`;
    const kept = this.#kept.get(file);
    if (kept?.stamp === stamp) return kept.entries;
    const entries = parseStorageList(await readBounded(file));
    if (this.#kept.size >= MAX_LISTS) this.#kept.clear();
    this.#kept.set(file, { stamp, entries });
    return entries;
  }
}

/** What podman's and cri-o's files say of a container. */
export async function findInStorage(
  lists: StorageLists,
  place: StoragePlace,
  id: string,
): Promise<FoundFiles | undefined> {
  // podman keeps the bundle in its storage, cri-o in its run folder; so do their lists with a transient store.
  const folders = await driverFolders(place);
  const bundles = await Promise.all(folders.map((folder) => readBundle(join(folder, id, 'userdata'))));
  const found = await lists.find(folders, id);
  const base = bundles.find((bundle) => bundle !== undefined)?.metadata ?? { annotations: {}, labels: {} };
  // podman writes some of cri-o's words too, but not this one, unless it plays Kubernetes.
  const { annotations } = base;
  const isCrio = 'io.kubernetes.cri-o.ContainerType' in annotations && annotations['io.container.manager'] !== 'libpod';
  if (isCrio) return { metadata: { ...base, runtime: 'cri-o' }, watched: [] };
  if (found === undefined) return undefined;
  const { entry, file } = found;
  const health = join(dirname(file), id, 'userdata', 'healthcheck.log');
  const states = place.states === undefined ? [] : runStateFiles(place.states, id);
  return {
    metadata: {
      ...base,
      runtime: 'podman',
      runtimeName: entry.names[0],
      image: entry.image,
      imageId: entry.imageId,
      createdAtUnixMs: entry.createdAtUnixMs,
      startedAtUnixMs: await readRunStart(states),
      health: healthOf((await readJson(health, healthLogSchema))?.status),
    },
    watched: [file, health, ...states],
  };
}
