import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HistoryKeeper } from '../../../../../dashboard/io/history/history-keeper.ts';
import type { Append, FileState } from '../../../../../dashboard/io/history/messages.ts';
import { CONTAINER_HISTORY_COLUMNS } from '../../../../../dashboard/model/history/columns.ts';
import { T0 } from '../../builders.ts';

let folder: string;
let path: string;
let states: FileState[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-test-history-'));
  path = join(folder, 'history.db');
  states = [];
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const open = (): HistoryKeeper => new HistoryKeeper({ path, maxBytes: 1e9 }, (state) => states.push(state));

function measured(second: number): Append {
  const codes = new Uint16Array(3 * CONTAINER_HISTORY_COLUMNS.length).fill(8);
  const facts = { kind: 'container', nodeId: 'n1', host: 'h1', name: 'api' } as const;
  return {
    blocks: [{ kind: 'container', timeUnixMs: T0 + second * 1000, keys: ['api'], codes }],
    marks: [],
    // As the book tells it: once, not again for a new file.
    facts:
      second === 0
        ? [['api', { ...facts, image: undefined, runtime: undefined, project: undefined, service: undefined }]]
        : [],
  };
}

const stored = (keeper: HistoryKeeper): number[] =>
  keeper.blocks(0, 100).map(({ timeUnixMs }) => (timeUnixMs - T0) / 1000);

test('a file that is none is put aside and told, and history starts anew', async () => {
  await writeFile(path, 'not a database, not at all'.repeat(100));
  using keeper = open();
  expect(states.at(-1)?.reason).toContain('file is not a database');
  keeper.append(measured(0));
  expect(stored(keeper)).toEqual([0]);
  expect(states.at(-1)?.reason).toContain(`put aside as ${path}.damaged`);
  expect((await stat(`${path}.damaged`)).size).toBeGreaterThan(0);
});

test('rows that cannot be unpacked are found, put aside with their file, and told', () => {
  {
    using keeper = open();
    keeper.append(measured(0));
  }
  const database = new DatabaseSync(path);
  database.exec("UPDATE recent SET codes = x'ffffff'");
  database.close();
  using keeper = open();
  expect(() => keeper.blocks(0, 1)).toThrow('cannot read');
  keeper.append(measured(0));
  keeper.append(measured(10));
  expect(stored(keeper)).toEqual([0, 10]);
  expect(states.at(-1)?.reason).toContain('put aside');
});

test('a file of a newer weft is left alone, and history is told to be incomplete', async () => {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA user_version = 99');
  database.close();
  using keeper = open();
  keeper.append(measured(0));
  expect(states.at(-1)?.reason).toContain('written by a newer weft');
  await expect(stat(`${path}.damaged`)).rejects.toThrow('ENOENT');
});

test('what cannot be written waits ten minutes for the disk, and the rest is counted', async () => {
  await rm(folder, { recursive: true });
  using keeper = open();
  for (let second = 0; second < 700; second += 10) keeper.append(measured(second));
  expect(states.at(-1)).toMatchObject({ droppedBlocks: 10 });
  expect(states.at(-1)?.reason).toContain(`cannot open ${path}`);
  const { mkdir } = await import('node:fs/promises');
  await mkdir(folder);
  keeper.append(measured(700));
  expect(states.at(-1)?.reason).toBeUndefined();
  expect(stored(keeper)).toEqual(Array.from({ length: 60 }, (_, index) => 110 + index * 10));
});
