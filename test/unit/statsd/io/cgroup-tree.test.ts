import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileStats } from '../../../../native/host/file-stats.ts';
import { CgroupTree } from '../../../../statsd/io/cgroup-tree.ts';
import { recognise } from '../../../../statsd/model/container.ts';
import { until } from '../../../support/until.ts';

const idOf = (n: number): string => n.toString(16).padStart(64, '0');
const [a, b, c, d] = [idOf(10), idOf(11), idOf(12), idOf(13)];

/** In memory: it counts sub-directories in the links, as cgroup file systems do. */
const MEMORY = '/dev/shm';

let root: string;
let tree: CgroupTree;
let told: string[];
let failures: unknown[];
let watchesBefore: number;

/** Inotify watches of this process. */
function watches(): number {
  const counts = readdirSync('/proc/self/fd').map((fd) => {
    try {
      if (!readlinkSync(`/proc/self/fd/${fd}`).includes('inotify')) return 0;
      return readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8').match(/^inotify /gm)?.length ?? 0;
    } catch {
      return 0; // closed meanwhile
    }
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

const make = (path: string): void => {
  mkdirSync(join(root, path), { recursive: true });
};
const remove = (path: string): void => {
  rmSync(join(root, path), { recursive: true });
};
const untilTold = (line: string): Promise<unknown> => until(() => told.includes(line), { what: line });

beforeEach(() => {
  root = mkdtempSync(join(MEMORY, 'weft-test-tree-'));
  told = [];
  failures = [];
  watchesBefore = watches();
  tree = new CgroupTree({
    directory: root,
    cgroupPath: '/',
    appeared: (path) => {
      const { role } = recognise(path);
      told.push(`+ ${path}`);
      return role;
    },
    vanished: (path) => told.push(`- ${path}`),
    unwatchable: (error) => failures.push(error),
    stats: fileStats(),
  });
});
afterEach(() => {
  tree[Symbol.dispose]();
  if (existsSync(root)) rmSync(root, { recursive: true });
  expect(watches()).toBe(watchesBefore);
});

describe('CgroupTree', () => {
  test('what is there and what comes, parents first; what goes, children first', async () => {
    make(`docker/${a}`);
    expect(tree.rescan()).toBe(true);
    expect(told).toEqual(['+ /docker', `+ /docker/${a}`]);
    make(`docker/${b}`);
    await untilTold(`+ /docker/${b}`);
    make(`kubepods/burstable/pod1/${c}`);
    await untilTold(`+ /kubepods/burstable/pod1/${c}`);
    told.length = 0;
    remove('kubepods');
    await untilTold('- /kubepods');
    expect(told).toEqual([
      `- /kubepods/burstable/pod1/${c}`,
      '- /kubepods/burstable/pod1',
      '- /kubepods/burstable',
      '- /kubepods',
    ]);
    expect(tree.directories).toBe(4);
  });

  test('a watch for each parent, none for a container, and each goes with its directory', async () => {
    make(`docker/${a}/init`);
    make('system.slice/cron.service');
    tree.rescan();
    // The root, docker, system.slice and the service.
    expect(watches() - watchesBefore).toBe(4);
    remove('system.slice');
    await untilTold('- /system.slice');
    expect(watches() - watchesBefore).toBe(2);
  });

  test('a container is watched once others are made in it; those are met at once then', async () => {
    make(`docker/${a}`);
    tree.rescan();
    make(`docker/${a}/docker/${b}`);
    tree.lookInside(`/docker/${a}`);
    expect(told.slice(2)).toEqual([`+ /docker/${a}/docker`, `+ /docker/${a}/docker/${b}`]);
    make(`docker/${a}/docker/${c}`);
    await untilTold(`+ /docker/${a}/docker/${c}`);
    // The root, docker, the outer container and docker in it.
    expect(watches() - watchesBefore).toBe(4);
    told.length = 0;
    remove(`docker/${a}`);
    await untilTold(`- /docker/${a}`);
    expect(told.at(-1)).toBe(`- /docker/${a}`);
    expect(watches() - watchesBefore).toBe(2);
  });

  test('another directory of the same name is another container', async () => {
    make(`docker/${a}`);
    tree.rescan();
    told.length = 0;
    rmdirSync(join(root, `docker/${a}`));
    make(`docker/${a}`);
    tree.rescan();
    await untilTold(`+ /docker/${a}`);
    expect(told).toEqual([`- /docker/${a}`, `+ /docker/${a}`]);
  });

  test('five looks around find what looking inside each container would', () => {
    for (const id of [a, b, c]) make(`docker/${id}`);
    tree.rescan();
    const lookAround = (): void => {
      for (let turn = 0; turn < 5; turn += 1) tree.lookAround();
    };
    told.length = 0;
    lookAround();
    expect(told).toEqual([]);
    make(`docker/${a}/docker/${d}`);
    rmdirSync(join(root, `docker/${b}`));
    make(`docker/${b}`);
    rmdirSync(join(root, `docker/${c}`));
    lookAround();
    const inner = [`+ /docker/${a}/docker`, `+ /docker/${a}/docker/${d}`];
    expect(told.toSorted()).toEqual([...inner, `+ /docker/${b}`, `- /docker/${b}`, `- /docker/${c}`].toSorted());
    told.length = 0;
    lookAround();
    expect(told).toEqual([]);
  });

  test('another directory of the same name is met when it is looked at, and by the second scan after a look', () => {
    make(`docker/${a}`);
    tree.rescan();
    tree.lookInside(`/docker/${a}`);
    told.length = 0;
    const replace = (): void => {
      rmdirSync(join(root, `docker/${a}`));
      make(`docker/${a}`);
    };
    replace();
    tree.lookInside(`/docker/${a}`);
    expect(told).toEqual([`- /docker/${a}`, `+ /docker/${a}`]);
    tree.lookInside(`/docker/${a}`);
    replace();
    // It was looked at since the scan before: a thousand are not looked at twice.
    tree.rescan();
    expect(told).toHaveLength(2);
    tree.rescan();
    expect(told.slice(2)).toEqual([`- /docker/${a}`, `+ /docker/${a}`]);
    rmdirSync(join(root, `docker/${a}`));
    tree.lookInside(`/docker/${a}`);
    expect(told.at(-1)).toBe(`- /docker/${a}`);
  });

  test('a parent that turns out to be a container is watched no more', () => {
    make('default/web/system.slice');
    tree.rescan();
    const before = watches();
    expect(tree.promote('/default/web')).toBeGreaterThan(0);
    expect(tree.promote('/default/web')).toBeUndefined();
    expect(told.at(-1)).toBe('- /default/web/system.slice');
    expect(watches()).toBe(before - 2);
    expect(tree.directories).toBe(3);
  });

  test('what is known to be gone is forgotten, once', () => {
    make(`docker/${a}`);
    tree.rescan();
    remove(`docker/${a}`);
    tree.forget(`/docker/${a}`);
    tree.forget(`/docker/${a}`);
    expect(told.slice(2)).toEqual([`- /docker/${a}`]);
  });

  test('the root goes and comes', () => {
    make(`docker/${a}`);
    tree.rescan();
    rmSync(root, { recursive: true });
    expect(tree.rescan()).toBe(false);
    expect(told.slice(2)).toEqual([`- /docker/${a}`, '- /docker', '- /']);
    make(`docker/${a}`);
    expect(tree.rescan()).toBe(true);
    expect(told.slice(5)).toEqual(['+ /docker', `+ /docker/${a}`]);
    expect(failures).toEqual([]);
  });
});
