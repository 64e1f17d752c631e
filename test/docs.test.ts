import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../native/host/package-root.ts';

/** Which README tells of which subcommand's flags. */
const SUBCOMMANDS = [
  { subcommand: 'flanneld', folder: 'flannel' },
  { subcommand: 'statsd', folder: 'statsd' },
  { subcommand: 'dashboard', folder: 'dashboard' },
  { subcommand: 'demo', folder: 'cli' },
];

/** Every subcommand has these, and cli/README.md tells of them once. */
const COMMON = new Set(['--help', '--version', '--config']);

const read = (path: string): string => readFileSync(join(packageRoot(), path), 'utf8');

function flagsOfHelp(subcommand: string): string[] {
  const help = execFileSync(process.execPath, [join(packageRoot(), 'cli/main.ts'), subcommand, '--help'], {
    encoding: 'utf8',
  });
  const flags = Array.from(help.matchAll(/^ +(?:-\w, )?(--[a-z][a-z0-9_-]+)/gm), ([, flag]) => flag ?? '');
  return flags.filter((flag) => !COMMON.has(flag));
}

/** Flags that begin a row of a table: where a README tells what a flag means. */
function flagsOfTables(text: string): string[] {
  const flags = Array.from(text.matchAll(/^\| *`(--[a-z][a-z0-9_-]+)/gm), ([, flag]) => flag ?? '');
  return flags.filter((flag) => !COMMON.has(flag));
}

/** As a flag, or as the name in a settings file: `--state-dir`, `state-dir`, `stateDir`. */
function spellings(flag: string): string[] {
  const kebab = flag.slice(2);
  const camel = kebab.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return [`\`${flag}`, `\`${kebab}\``, `\`${camel}\``];
}

describe.each(SUBCOMMANDS)('weft $subcommand', ({ subcommand, folder }) => {
  const flags = flagsOfHelp(subcommand);

  test('has flags', () => {
    expect(flags.length).toBeGreaterThan(3);
  });

  test('each of its flags is in the README', () => {
    const text = read(`${folder}/README.md`);
    expect(flags.filter((flag) => !spellings(flag).some((each) => text.includes(each)))).toEqual([]);
  });

  test('each flag that the README explains exists', () => {
    expect(flagsOfTables(read(`${folder}/README.md`)).filter((flag) => !flags.includes(flag))).toEqual([]);
  });
});

test('each npm script that a document names exists', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  for (const path of ['README.md', 'CONTRIBUTING.md', 'cli/README.md']) {
    const named = Array.from(read(path).matchAll(/npm run ([a-z:]+)/g), ([, name]) => name ?? '');
    expect(
      named.filter((name) => !Object.hasOwn(scripts, name)),
      path,
    ).toEqual([]);
  }
});

test.each([
  'README.md',
  'CONTRIBUTING.md',
  ...SUBCOMMANDS.map(({ folder }) => `${folder}/README.md`),
  'native/README.md',
])('each link of %s leads to a file', (path) => {
  const targets = Array.from(read(path).matchAll(/\]\(([^)#:]+)\)/g), ([, target]) => target ?? '');
  const folder = join(packageRoot(), path, '..');
  expect(targets.filter((target) => !existsSync(join(folder, target)))).toEqual([]);
});
