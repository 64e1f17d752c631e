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
  { subcommand: 'grafana', folder: 'dashboard' },
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

/** `kernel `, `unit ` or nothing before a file's name, and where that is. */
const TIERS: Readonly<Record<string, readonly string[]>> = {
  '': ['test/cluster/flannel'],
  kernel: ['test/kernel/flannel', 'test/kernel'],
  unit: ['test/unit/flannel/model', 'test/unit/flannel'],
};

/** A title as a reader sees it matches `a host … when $name` in the file, if what stands for `$name` is in the file as well. */
function isTitleOf(title: string, text: string): boolean {
  if (title.split('…').every((part) => text.includes(part))) return true;
  const literals = Array.from(text.matchAll(/(['`])((?:(?!\1)[^\\\n]|\\.)+)\1/g), ([, , literal]) => literal ?? '');
  return literals.some((literal) => {
    const parts = literal.split(/\$\{[^}]+\}|\$\w+|%s/);
    if (parts.length < 2 || parts.join('').length < 5) return false;
    const pattern = parts.map((part) => RegExp.escape(part)).join('(.+)');
    const values = new RegExp(`^${pattern}$`).exec(title)?.slice(1);
    return values?.every((value) => text.includes(value)) === true;
  });
}

/** What a row names that is not there. */
function missingTests(row: string): string[] {
  const named = row.matchAll(/(kernel |unit )?`([^`]+)`(?:: (.*?))?(?=\. (?:kernel |unit )?`|$)/g);
  return Array.from(named).flatMap(([, tier = '', file = '', titles = '']) => {
    const paths = (TIERS[tier.trim()] ?? []).map((folder) => `${folder}/${file}.test.ts`);
    const path = paths.find((each) => existsSync(join(packageRoot(), each)));
    if (path === undefined) return [paths.join(' or ')];
    const text = read(path);
    return titles.split('; ').filter((title) => title !== '' && title !== 'all' && !isTitleOf(title, text));
  });
}

test("each row of flannel's failure table names tests that exist", () => {
  const [, table = ''] = /\n## What happens when …\n(.*?)\n## /s.exec(read('flannel/README.md')) ?? [];
  const rows = Array.from(table.matchAll(/^\| .* \| (.*?) +\|$/gm), ([, cell]) => cell ?? '').slice(1);
  const proofs = rows.filter((cell) => !/^-+$/.test(cell));
  expect(proofs.length).toBeGreaterThan(30);
  expect(proofs.filter((cell) => !cell.includes('`'))).toEqual([]);
  expect(proofs.flatMap(missingTests)).toEqual([]);
});
