import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readRulesDir } from '../../../../dashboard/io/rule-file.ts';
import { RuleFiles } from '../../../../dashboard/io/rule-files.ts';
import { ConfigError } from '../../../../native/host/config.ts';

let folder: string;
const rule = (name: string): string => `rules:\n  - { name: ${name}, metric: cpuCores, op: '>', threshold: 1 }\n`;
const put = async (name: string, text: string): Promise<void> => {
  await writeFile(join(folder, name), text);
};
const names = (files: RuleFiles): string[] => files.rules.map(({ name }) => name);
const faults = (files: RuleFiles): readonly string[] => files.states.flatMap((state) => state.faults);
/** With a writer that comes a moment later and goes: who opens it to read without looking waits for that one. */
async function makePipe(path: string): Promise<void> {
  await promisify(execFile)('mkfifo', [path]);
  execFile('timeout', ['5', 'sh', '-c', 'sleep 0.2; : > "$1"', 'sh', path]);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-test-rules-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('files that come, change and go take their rules along; a look without a change says so', async () => {
  await put('a.yaml', rule('A'));
  const files = new RuleFiles({ rulesDir: folder });
  expect(names(files)).toEqual(['A']);
  expect(files.look()).toBe(false);
  await put('b.yml', rule('B'));
  await put('.hidden.yaml', rule('Hidden'));
  expect(files.look()).toBe(true);
  expect(names(files)).toEqual(['A', 'B']);
  await put('a.yaml', rule('Changed'));
  await unlink(join(folder, 'b.yml'));
  expect(files.look()).toBe(true);
  expect(names(files)).toEqual(['Changed']);
  expect(faults(files)).toEqual([]);
});

test('a file with a fault keeps what it said before, and the fault has its line', async () => {
  await put('a.yaml', rule('A'));
  await put('b.yaml', rule('B'));
  const files = new RuleFiles({ rulesDir: folder });
  await put('a.yaml', `${rule('A')}  - { name: Second, metric: nonsense, op: '>', threshold: 1 }\n`);
  expect(files.look()).toBe(true);
  expect(names(files)).toEqual(['A', 'B']);
  expect(faults(files)).toEqual([expect.stringMatching(/a\.yaml:3: rules\[1\]\.metric: expected one of /)]);
  expect(files.look()).toBe(false);
  await put('a.yaml', 'rules: [');
  expect(files.look()).toBe(true);
  expect(names(files)).toEqual(['A', 'B']);
  await put('a.yaml', rule('Mended'));
  files.look();
  expect(names(files)).toEqual(['Mended', 'B']);
  expect(faults(files)).toEqual([]);
});

test('what cannot be read for a while keeps its rules', async () => {
  await put('a.yaml', rule('A'));
  const files = new RuleFiles({ rulesDir: folder });
  await unlink(join(folder, 'a.yaml'));
  await symlink(join(folder, 'nowhere'), join(folder, 'a.yaml'));
  expect(files.look()).toBe(true);
  expect(names(files)).toEqual(['A']);
  expect(faults(files)).toEqual([expect.stringContaining('a.yaml: cannot be read: ENOENT')]);
  expect(files.look()).toBe(false);
  await rm(folder, { recursive: true });
  expect(files.look()).toBe(true);
  expect(names(files)).toEqual(['A']);
  expect(faults(files)[0]).toContain(`rules-dir: cannot read ${folder}: ENOENT`);
});

test('of two files with one name the first is in force, and the second is told', async () => {
  await put('a.yaml', rule('Same'));
  await put('b.yaml', rule('Same'));
  const files = new RuleFiles({ rulesDir: folder });
  expect(names(files)).toEqual(['Same']);
  const [first, second] = ['a.yaml', 'b.yaml'].map((name) => join(folder, name));
  expect(faults(files)).toEqual([`${second}: ${first} has a rule Same already, and that one is in force`]);
});

test.each([
  {
    name: 'an alias of nothing',
    make: (path: string) => writeFile(path, 'rules: *mine'),
    want: /b\.yaml: .*alias.*: mine$/,
  },
  { name: 'a folder', make: (path: string) => mkdir(path), want: /b\.yaml: cannot be read: .*no regular file/ },
  {
    name: 'a link to itself',
    make: (path: string) => symlink('b.yaml', path),
    want: /b\.yaml: cannot be read: ELOOP/,
  },
  {
    name: 'a pipe',
    make: makePipe,
    want: /b\.yaml: cannot be read: .*no regular file/,
  },
  {
    name: 'more than anybody writes',
    make: (path: string) => writeFile(path, '#'.repeat(5 * 1024 * 1024)),
    want: /b\.yaml: cannot be read: .*expected at most 4 MiB/,
  },
])('$name among the files is told and holds up no other', async ({ make, want }) => {
  await put('a.yaml', rule('A'));
  const files = new RuleFiles({ rulesDir: folder });
  await make(join(folder, 'b.yaml'));
  await put('c.yaml', rule('C'));
  expect(files.look()).toBe(true);
  expect(names(files)).toEqual(['A', 'C']);
  expect(faults(files)).toEqual([expect.stringMatching(want)]);
  expect(() => readRulesDir(folder)).toThrow(ConfigError);
});
