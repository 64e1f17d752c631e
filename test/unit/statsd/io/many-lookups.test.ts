import { join } from 'node:path';
import { expect, test } from 'vitest';
import { StorageLists } from '../../../../statsd/io/containers-storage.ts';
import type { FoundMetadata, MetadataFiles } from '../../../../statsd/io/metadata.ts';
import { recognise } from '../../../../statsd/model/container.ts';
import { metadataFilesOf, useHostTree } from './host-tree.ts';

const tree = useHostTree();

const idOf = (number: number): string => number.toString(16).padStart(64, '0');

/** Looks up the container at a cgroup path. */
function lookUp(files: MetadataFiles, cgroupPath: string, signal: AbortSignal): Promise<FoundMetadata> {
  const recognised = recognise(cgroupPath);
  if (recognised.role !== 'container') throw new RangeError(`${cgroupPath} is no container`);
  const procsFile = join(tree.root, 'cgroup/cgroup.procs');
  return files.read({ recognised, cgroupPath, procsFile, bundle: undefined, outer: undefined }, signal);
}

/** Looks up containers of docker, as many as are asked for, at once. */
function lookUpMany(count: number, signal: AbortSignal): Promise<PromiseSettledResult<FoundMetadata>[]> {
  const files = metadataFilesOf(tree.root);
  return Promise.allSettled(
    Array.from({ length: count }, (_, number) => lookUp(files, `/docker/${idOf(number)}`, signal)),
  );
}

/** As a home on a network that does not answer. */
class HangingHomes extends StorageLists {
  override async find(folders: readonly string[], id: string): ReturnType<StorageLists['find']> {
    if (folders.some((folder) => folder.includes('/home/'))) await Promise.withResolvers<undefined>().promise;
    return await super.find(folders, id);
  }
}

test('two hundred containers that appear at once are all looked up', async () => {
  for (let number = 0; number < 200; number += 1)
    tree.write(`docker/containers/${idOf(number)}/config.v2.json`, { Name: `/web-${number}` });
  const found = await lookUpMany(200, new AbortController().signal);
  expect(found.map((each) => each.status === 'fulfilled' && each.value)).toMatchObject(
    Array.from({ length: 200 }, (_, number) => ({ sources: [{ runtimeName: `/web-${number}` }] })),
  );
});

test('those that end while they wait for their turn are not looked up any more', async () => {
  const stop = new AbortController();
  const ending = lookUpMany(200, stop.signal);
  stop.abort(new Error('it ended'));
  const dropped = (await ending).filter(
    (each) => each.status === 'rejected' && String(each.reason).includes('it ended'),
  );
  expect(dropped.length).toBeGreaterThan(150);
});

test('homes that hang keep the names of their own containers alone', async () => {
  tree.write('etc/passwd', 'ann:x:1000:1000::/home/ann:/bin/sh\n');
  tree.write('home/ann/.local/share/containers/storage/overlay-containers/containers.json', '[]');
  tree.write(`docker/containers/${idOf(0)}/config.v2.json`, { Name: '/web' });
  const files = metadataFilesOf(tree.root, new HangingHomes());
  const stop = new AbortController();
  const hanging = Array.from({ length: 40 }, (_, number) =>
    lookUp(files, `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${idOf(number)}.scope`, stop.signal),
  );
  const other = lookUp(files, `/docker/${idOf(0)}`, stop.signal);
  const first = await Promise.race([other, ...hanging]);
  expect(first.sources).toMatchObject([{ runtimeName: '/web' }]);
});
