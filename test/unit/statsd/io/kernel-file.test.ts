import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FilePool, PooledFile } from '../../../../statsd/io/kernel-file.ts';
import { textOf } from '../../../../statsd/model/cgroup-text.ts';
import { useHostTree } from './host-tree.ts';

const host = useHostTree();
let files = 0;

/** At which of so many readings the file was found, when it is made just before that reading. */
function foundAt(place: { keep: boolean; insistent?: boolean }, madeBefore: number): number {
  files += 1;
  const name = `${host.root}/late-${files}`;
  const file = new PooledFile(new FilePool(8), { directory: '', name, ...place });
  for (let reading = 1; ; reading += 1) {
    if (reading === madeBefore) writeFileSync(name, '7\n');
    const content = file.read();
    if (content === undefined) continue;
    expect(textOf(content)).toBe('7\n');
    file.close();
    return reading;
  }
}

test.each([
  { name: 'that is kept open', place: { keep: true }, tries: [1, 2, 4, 8, 16, 32, 64, 128, 192, 256] },
  { name: 'that is opened for each reading', place: { keep: false }, tries: [1, 2, 4, 8, 16, 24, 32, 40] },
  { name: 'of a limit', place: { keep: true, insistent: true }, tries: [1, 2, 3, 4, 5, 6, 7, 8, 9] },
])('a missing file $name is looked for again at readings that grow apart up to a bound', ({ place, tries }) => {
  for (const [index, madeBefore] of tries.entries()) {
    expect(foundAt(place, madeBefore)).toBe(madeBefore);
    const next = tries[index + 1];
    if (next !== undefined) expect(foundAt(place, madeBefore + 1)).toBe(next);
  }
});

test('a file for which no descriptor is left tells that, until one is free again', () => {
  const pool = new FilePool(1);
  for (const name of ['first', 'second']) writeFileSync(`${host.root}/${name}`, '7\n');
  const [first, second] = ['first', 'second'].map((name) => pool.kept(`${host.root}/${name}`));
  for (const file of [first, second]) expect(file?.read()).toBeDefined();
  expect([first?.isOpenedAnew, second?.isOpenedAnew]).toEqual([false, true]);
  first?.close();
  expect(second?.read()).toBeDefined();
  expect(second?.isOpenedAnew).toBe(false);
  expect(pool.openDescriptors).toBe(1);
  const rare = pool.openedPerRead(`${host.root}/first`);
  expect(rare.read()).toBeDefined();
  expect(rare.isOpenedAnew).toBe(false);
});
