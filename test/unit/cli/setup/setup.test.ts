import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packageRoot } from '../../../../native/host/package-root.ts';

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Set-up is plain JavaScript, for it runs before the compiler is there; these are its types. */
interface SetupModules {
  readonly countsOf: (report: object, exitCode: number) => Counts;
  readonly troublesOf: (report: object) => string[];
  readonly summaryLine: (counts: Counts) => string;
  readonly fingerprint: (root: string, paths: string[], wanted?: (path: string) => boolean) => string;
  readonly packagesAreCurrent: (root: string) => boolean;
}

const load = (name: string): Promise<object> => import(join(packageRoot(), 'cli', 'setup', name)) as Promise<object>;
const setup = Object.assign(
  {},
  await load('tiers.mjs'),
  await load('fingerprint.mjs'),
  await load('packages.mjs'),
) as SetupModules;

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'weft-test-setup-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const write = (path: string, content: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
};

const report = (passed: number, failed = 0, rest: object = {}): object => ({
  numPassedTests: passed,
  numFailedTests: failed,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
  ...rest,
});
const file = (status: string, ...tests: string[]): object => ({
  status,
  assertionResults: tests.map((each) => ({ status: each })),
});

test.each([
  { name: 'all passed', report: report(3), exitCode: 0, want: '3 passed, 0 failed, 0 skipped' },
  {
    name: 'one failed',
    report: report(2, 1, { testResults: [file('failed', 'passed', 'failed')] }),
    exitCode: 1,
    want: '2 passed, 1 failed, 0 skipped',
  },
  {
    name: 'skipped and to do',
    report: report(2, 0, { numPendingTests: 1, numTodoTests: 1 }),
    exitCode: 0,
    want: '2 passed, 0 failed, 2 skipped',
  },
  {
    name: 'a file that could not be loaded',
    report: report(2, 0, { testResults: [file('failed')] }),
    exitCode: 1,
    want: '2 passed, 1 failed, 0 skipped',
  },
  {
    name: 'a failing hook after tests that passed',
    report: report(2, 0, { testResults: [file('failed', 'passed')] }),
    exitCode: 1,
    want: '2 passed, 1 failed, 0 skipped',
  },
  { name: 'an error outside every test', report: report(2), exitCode: 1, want: '2 passed, 1 failed, 0 skipped' },
  { name: 'a tier without a test', report: report(0), exitCode: 0, want: '0 passed, 1 failed, 0 skipped' },
  { name: 'no report at all', report: {}, exitCode: 1, want: '0 passed, 1 failed, 0 skipped' },
])('counting: $name', ({ report: each, exitCode, want }) => {
  expect(setup.summaryLine(setup.countsOf(each, exitCode))).toBe(want);
});

test('what failed or was skipped is named, and a file that could not be loaded as well', () => {
  const assertion = (status: string, fullName: string, ...failureMessages: string[]): object => ({
    status,
    fullName,
    failureMessages,
  });
  const testResults = [
    { name: 'a.test.ts', status: 'passed', assertionResults: [assertion('passed', 'one')] },
    {
      name: 'b.test.ts',
      status: 'failed',
      assertionResults: [
        assertion('passed', 'one'),
        assertion('failed', 'two', 'expected 1 to be 2\n    at …'),
        assertion('skipped', 'three'),
      ],
    },
    { name: 'c.test.ts', status: 'failed', message: 'no such module\n    at …' },
  ];
  expect(setup.troublesOf({ testResults })).toEqual([
    '✗ b.test.ts: two: expected 1 to be 2',
    '↓ b.test.ts: three: ',
    '✗ c.test.ts: no such module',
  ]);
  expect(setup.troublesOf({})).toEqual([]);
});

test('a fingerprint follows names and contents, not dates', () => {
  write('src/a.ts', 'one');
  const first = setup.fingerprint(root, ['src', 'missing']);
  utimesSync(join(root, 'src/a.ts'), 1, 1);
  expect(setup.fingerprint(root, ['src', 'missing'])).toBe(first);
  write('src/b.ts', '');
  const second = setup.fingerprint(root, ['src']);
  expect(second).not.toBe(first);
  expect(setup.fingerprint(root, ['src'], (path) => !path.endsWith('b.ts'))).toBe(first);
});

const lock = (packages: object): string => JSON.stringify({ packages: { '': {}, ...packages } });

test.each([
  { name: 'the same', present: { 'node_modules/a': { version: '1.0.0' } }, want: true },
  { name: 'another version', present: { 'node_modules/a': { version: '1.0.1' } }, want: false },
  { name: 'none', present: {}, want: false },
])('packages: $name -> $want', ({ present, want }) => {
  write(
    'package-lock.json',
    lock({ 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '2.0.0', optional: true } }),
  );
  write('node_modules/.package-lock.json', lock(present));
  expect(setup.packagesAreCurrent(root)).toBe(want);
});

test('a fresh clone has no packages', () => {
  write('package-lock.json', lock({ 'node_modules/a': { version: '1.0.0' } }));
  expect(setup.packagesAreCurrent(root)).toBe(false);
});
