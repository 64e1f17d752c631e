import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../../../native/host/package-root.ts';

interface SecondTry {
  readonly filesToTryAgain: (tier: string, report: object) => string[];
  readonly mergedReport: (first: object, again: object) => object;
  readonly unsteadyLines: (troubles: string[], again: object) => string[];
}
const { filesToTryAgain, mergedReport, unsteadyLines } = (await import(
  join(packageRoot(), 'cli', 'setup', 'second-try.mjs')
)) as SecondTry;

const file = (name: string, status: string, ...tests: string[]): object => ({
  name,
  status,
  assertionResults: tests.map((each, index) => ({ status: each, fullName: `test ${index}` })),
});
const reportOf = (...testResults: object[]): object => ({ testResults });

test('only files that failed, only where real time is at work, and only a few', () => {
  const report = reportOf(file('a', 'passed', 'passed'), file('b', 'failed', 'failed'), file('c', 'failed'));
  expect(filesToTryAgain('cluster', report)).toEqual(['b', 'c']);
  expect(filesToTryAgain('unit', report)).toEqual([]);
  expect(filesToTryAgain('properties', report)).toEqual([]);
  const many = reportOf(...['a', 'b', 'c', 'd'].map((name) => file(name, 'failed', 'failed')));
  expect(filesToTryAgain('cluster', many)).toEqual([]);
  expect(filesToTryAgain('cluster', {})).toEqual([]);
});

test('the second run stands for its files, and what failed again or was skipped still counts', () => {
  const first = reportOf(
    file('a', 'passed', 'passed', 'passed'),
    file('b', 'failed', 'failed', 'passed'),
    file('c', 'failed'),
  );
  const again = reportOf(file('b', 'passed', 'passed', 'passed'), file('c', 'failed', 'failed', 'skipped', 'todo'));
  expect(mergedReport(first, again)).toMatchObject({
    numPassedTests: 4,
    numFailedTests: 1,
    numPendingTests: 1,
    numTodoTests: 1,
  });
});

test('a second run that tells nothing changes nothing', () => {
  const first = reportOf(file('a', 'passed', 'passed'), file('b', 'failed', 'failed'));
  expect(mergedReport(first, {})).toMatchObject({ numPassedTests: 1, numFailedTests: 1 });
});

test('what passed at the second try is named with why it failed at first', () => {
  const troubles = ['✗ b: test 0: expected 1 to be 2', '✗ b: test 1: timed out'];
  expect(unsteadyLines(troubles, reportOf(file('b', 'failed', 'passed', 'failed')))).toEqual([
    '↻ passed when run again: b: test 0: expected 1 to be 2',
  ]);
});
