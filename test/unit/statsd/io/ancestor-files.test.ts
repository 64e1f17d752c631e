import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { AncestorFiles } from '../../../../statsd/io/ancestor-files.ts';
import { FilePool } from '../../../../statsd/io/kernel-file.ts';
import { textOf } from '../../../../statsd/model/cgroup-text.ts';
import { useHostTree } from './host-tree.ts';

const host = useHostTree();

function openFiles() {
  const pool = new FilePool(8);
  const clock = { ms: 0 };
  const ancestors = new AncestorFiles(pool, { nowMs: () => clock.ms, maxAgeMs: 500 });
  const textIn = (path: string): string | undefined => {
    const content = ancestors.file(path).read();
    return content === undefined ? undefined : textOf(content);
  };
  return { pool, ancestors, clock, textIn };
}

test('what a file said is told to all for a moment, then read again from the same descriptor', () => {
  const { pool, clock, textIn } = openFiles();
  const path = `${host.root}/memory.max`;
  writeFileSync(path, '4096\n');
  expect(textIn(path)).toBe('4096\n');
  writeFileSync(path, '8192\n');
  expect(textIn(path)).toBe('4096\n');
  clock.ms = 500;
  expect(textIn(path)).toBe('8192\n');
  writeFileSync(path, 'max\n');
  clock.ms = 1000;
  expect(textIn(path)).toBe('max\n');
  expect(pool.openDescriptors).toBe(1);
});

test('a missing file is looked for at each turn, once for all', () => {
  const { pool, clock, textIn } = openFiles();
  const path = `${host.root}/late/cpu.max`;
  for (clock.ms = 0; clock.ms < 4000; clock.ms += 1000) expect(textIn(path)).toBeUndefined();
  mkdirSync(`${host.root}/late`);
  writeFileSync(path, 'max 100000\n');
  clock.ms -= 800;
  expect(textIn(path)).toBeUndefined();
  clock.ms += 800;
  expect(textIn(path)).toBe('max 100000\n');
  expect(pool.openDescriptors).toBe(1);
});

test('files that nobody asks for are closed', () => {
  const { pool, clock, textIn } = openFiles();
  for (const name of ['old', 'used']) writeFileSync(`${host.root}/${name}`, '1\n');
  textIn(`${host.root}/old`);
  for (clock.ms = 0; clock.ms <= 60_000; clock.ms += 5000) textIn(`${host.root}/used`);
  expect(pool.openDescriptors).toBe(1);
  rmSync(`${host.root}/old`);
});

test('all are closed when there is nobody left below them, and opened anew for whoever comes', () => {
  const { pool, ancestors, clock, textIn } = openFiles();
  const path = `${host.root}/memory.max`;
  writeFileSync(path, '4096\n');
  textIn(path);
  ancestors.closeAll();
  expect(pool.openDescriptors).toBe(0);
  clock.ms = 500;
  expect(textIn(path)).toBe('4096\n');
  expect(pool.openDescriptors).toBe(1);
});

test('whoever keeps a file reads it on after it was forgotten, from the one descriptor that others read', () => {
  const { pool, ancestors, clock, textIn } = openFiles();
  const path = `${host.root}/memory.max`;
  writeFileSync(path, '4096\n');
  const kept = ancestors.file(path);
  expect(kept.read()?.path).toBe(path);
  ancestors.closeAll();
  writeFileSync(path, '8192\n');
  clock.ms = 500;
  expect(textIn(path)).toBe('8192\n');
  const again = kept.read();
  expect(again && textOf(again)).toBe('8192\n');
  expect(again).toBe(ancestors.file(path).read());
  expect(pool.openDescriptors).toBe(1);
});

test('one path is one object for all who ask', () => {
  const { ancestors } = openFiles();
  expect(ancestors.file('/a/pids.max')).toBe(ancestors.file('/a/pids.max'));
  expect(ancestors.file('/a/pids.max')).not.toBe(ancestors.file('/b/pids.max'));
});
