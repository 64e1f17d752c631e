import { join } from 'node:path';
import { expect, test } from 'vitest';
import { StorageLists } from '../../../../statsd/io/containers-storage.ts';
import { MetadataFiles } from '../../../../statsd/io/metadata.ts';
import { recognise } from '../../../../statsd/model/container.ts';
import { useHostTree } from './host-tree.ts';

const tree = useHostTree();

const idOf = (number: number): string => number.toString(16).padStart(64, '0');

/** Looks up containers of docker, as many as are asked for, at once. */
function lookUp(count: number, signal: AbortSignal): Promise<PromiseSettledResult<unknown>[]> {
  const files = new MetadataFiles(
    {
      hostRoot: tree.root,
      procRoot: join(tree.root, 'proc'),
      dockerRoot: '/docker',
      containersStorage: '/storage',
      containersRun: '/run',
      containerdTasks: '/tasks',
    },
    new StorageLists(),
  );
  const found = Array.from({ length: count }, (_, number) => {
    const cgroupPath = `/docker/${idOf(number)}`;
    const recognised = recognise(cgroupPath);
    if (recognised.role !== 'container') throw new RangeError(`${cgroupPath} is no container`);
    const procsFile = join(tree.root, 'cgroup/cgroup.procs');
    return files.read({ recognised, cgroupPath, procsFile, bundle: undefined, outer: undefined }, signal);
  });
  return Promise.allSettled(found);
}

test('two hundred containers that appear at once are all looked up', async () => {
  for (let number = 0; number < 200; number += 1)
    tree.write(`docker/containers/${idOf(number)}/config.v2.json`, { Name: `/web-${number}` });
  const found = await lookUp(200, new AbortController().signal);
  expect(found.map((each) => each.status === 'fulfilled' && each.value)).toMatchObject(
    Array.from({ length: 200 }, (_, number) => ({ sources: [{ runtimeName: `/web-${number}` }] })),
  );
});

test('those that end while they wait for their turn are not looked up any more', async () => {
  const stop = new AbortController();
  const ending = lookUp(200, stop.signal);
  stop.abort(new Error('it ended'));
  const dropped = (await ending).filter(
    (each) => each.status === 'rejected' && String(each.reason).includes('it ended'),
  );
  expect(dropped.length).toBeGreaterThan(150);
});
