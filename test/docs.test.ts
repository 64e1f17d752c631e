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

const LITERAL = /(['"`])((?:(?!\1)[^\\\n]|\\.)+)\1/g;
/** What stands right behind `test(`, `describe.each(…)(` and the like. */
const TITLE = new RegExp(
  `(?:\\b(?:test|describe)(?:\\.\\w+)*\\(|[\\])]\\)\\(|each\\(\\w+\\)\\()\\s*${LITERAL.source}`,
  'g',
);

const literalsOf = (text: string, pattern: RegExp): string[] =>
  Array.from(text.matchAll(pattern), ([, , literal = '']) => literal.replace(/\\(.)/g, '$1'));

/** What tables of tests give their titles: `name: '…'`, or a list of names. */
const NAME = new RegExp(`(?:\\b\\w+: |\\[|^\\s+)${LITERAL.source}`, 'gm');

/** A title and its beginnings that end with a word: the table names a test by as much as tells it from others. */
const headsOf = (title: string): string[] => [
  title,
  ...Array.from(title.matchAll(/(?<=\w)(?=[ :,;])/g), ({ index }) => title.slice(0, index)),
];

/** As a reader sees it, `a host … when $name` is a title if what stands for `$name` is a name or a number in the file. */
function isTitleOf(title: string, text: string): boolean {
  const numbers = Array.from(text.matchAll(/^const \w+ = (\d+);$/gm), ([, number = '']) => number);
  const names = new Set([...literalsOf(text, NAME), ...numbers]);
  return literalsOf(text, TITLE)
    .flatMap(headsOf)
    .some((head) => {
      const parts = head.split(/\$\{[^}]+\}|\$\w+|%s/);
      const pattern = parts.map((part) => RegExp.escape(part)).join('(.+)');
      const seen = new RegExp(`^${pattern}$`).exec(title)?.slice(1);
      if (seen !== undefined) return seen.every((value) => value === '…' || names.has(value));
      const pieces = title.split('…');
      return pieces.length > 1 && pieces.every((piece) => head.includes(piece));
    });
}

test.each([
  { title: 'a peer is told', want: true },
  { title: 'a … told', want: true },
  { title: 'down: back at the event', want: true },
  { title: '…: back at the event', want: true },
  { title: 'up: back at the event', want: false },
  { title: 'a peer is', want: true },
  { title: 'a pee', want: false },
  { title: 'until it is there', want: false },
])('whether "$title" is a title: $want', ({ title, want }) => {
  const text =
    "test('a peer is told', () => { until('until it is there'); });\ntest.each([{ name: 'down' }])('$name: back at the event', x);";
  expect(isTitleOf(title, text)).toBe(want);
});

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
