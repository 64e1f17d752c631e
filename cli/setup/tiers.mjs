// Runs every test tier and counts: what was skipped has not passed.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runHere } from './child.mjs';
import { nodeBinary, ownEnvironment } from './packages.mjs';
import { filesToTryAgain, mergedReport, unsteadyLines } from './second-try.mjs';

/** In the order in which they tell something: the quick ones first. */
export const TIERS = ['static', 'unit', 'properties', 'kernel', 'cluster', 'browser', 'vm'];

/** What is judged without running anything: npm scripts, each of which counts as one test. The lint takes as long as all others. */
const STATIC_LANES = [['lint'], ['typecheck', 'format:check', 'layers', 'deadcode']];

const NOTHING = { passed: 0, failed: 0, skipped: 0 };

const plus = (a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped });

/** Counts of vitest's JSON report. A file that could not be loaded, and an error outside every test, count as one failed. */
export function countsOf(report, exitCode) {
  const { numPassedTests = 0, numFailedTests = 0, numPendingTests = 0, numTodoTests = 0, testResults = [] } = report;
  const broken = testResults.filter(
    ({ status, assertionResults = [] }) =>
      status === 'failed' && !assertionResults.some((each) => each.status === 'failed'),
  ).length;
  const counts = {
    passed: numPassedTests,
    failed: numFailedTests + broken,
    skipped: numPendingTests + numTodoTests,
  };
  const unexplained = exitCode !== 0 && counts.failed === 0;
  const empty = counts.passed + counts.failed === 0;
  return unexplained || empty ? { ...counts, failed: counts.failed + 1 } : counts;
}

/** What failed or was skipped, a line each: a run of half an hour is read from its end. */
export function troublesOf(report) {
  return (report.testResults ?? []).flatMap(({ name, status, message = '', assertionResults = [] }) => {
    const tests = assertionResults.filter((each) => each.status !== 'passed');
    if (tests.length === 0) return status === 'failed' ? [`✗ ${name}: ${firstLine(message)}`] : [];
    return tests.map(
      (each) =>
        `${each.status === 'failed' ? '✗' : '↓'} ${name}: ${each.fullName}: ${firstLine(each.failureMessages?.[0])}`,
    );
  });
}

const firstLine = (text) => (text ?? '').split('\n', 1)[0];

export const summaryLine = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return {};
  }
}

/** Runs one npm script; what it says is shown in one piece, for others run beside it. */
async function runStaticCheck(root, script, outputFile) {
  const output = openSync(outputFile, 'w');
  try {
    const options = { cwd: root, env: ownEnvironment(root), stdio: ['ignore', output, output] };
    const isGood = (await runHere('npm', ['run', '--silent', script], options)) === 0;
    process.stdout.write(`${readFileSync(outputFile, 'utf8')} ${isGood ? '✓' : '✗'} npm run ${script}\n`);
    return isGood
      ? { counts: { ...NOTHING, passed: 1 }, troubles: [] }
      : { counts: { ...NOTHING, failed: 1 }, troubles: [`✗ npm run ${script}`] };
  } finally {
    closeSync(output);
  }
}

async function runStaticChecks(root, folder) {
  const lanes = STATIC_LANES.map(async (scripts) => {
    const results = [];
    for (const script of scripts)
      results.push(await runStaticCheck(root, script, join(folder, `${script.replace(':', '-')}.txt`)));
    return results;
  });
  const results = (await Promise.all(lanes)).flat();
  return {
    counts: results.reduce((sum, { counts }) => plus(sum, counts), NOTHING),
    troubles: results.flatMap(({ troubles }) => troubles),
  };
}

/** Runs the files of a tier that a filter names, or all; gives vitest's exit code and report. */
async function runVitest(root, tier, { outputFile, more = [] }) {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  // `cluster*` is `cluster`, whose files run beside each other, and `cluster-alone`.
  const projects = ['--project', `${tier}*`];
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${outputFile}`];
  const code = await runHere(nodeBinary(root), [vitest, 'run', ...projects, ...reporters, ...more], {
    cwd: root,
    env: ownEnvironment(root),
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return { code, report: readReport(outputFile) };
}

async function runTier(root, tier, folder) {
  if (tier === 'static') return await runStaticChecks(root, folder);
  const tell = (lines) => lines.map((line) => line.replace(`${root}/`, ''));
  const first = await runVitest(root, tier, { outputFile: join(folder, `${tier}.json`) });
  const troubles = troublesOf(first.report);
  const files = filesToTryAgain(tier, first.report);
  if (files.length === 0) return { counts: countsOf(first.report, first.code), troubles: tell(troubles) };
  process.stdout.write(`\n── ${tier}: ${files.length} failed, run again alone\n`);
  const outputFile = join(folder, `${tier}-again.json`);
  const again = await runVitest(root, tier, { outputFile, more: ['--no-file-parallelism', ...files] });
  const merged = mergedReport(first.report, again.report);
  return {
    counts: countsOf(merged, again.code),
    troubles: tell([...troublesOf(merged), ...unsteadyLines(troubles, again.report)]),
  };
}

/** Runs tiers one after the other; the last line printed is the sum over all. Gives the exit code. */
export async function runTiers(root, tiers) {
  const folder = mkdtempSync(join(tmpdir(), 'weft-tests-'));
  let sum = NOTHING;
  const lines = [];
  const allTroubles = [];
  try {
    for (const tier of tiers) {
      const startMs = performance.now();
      process.stdout.write(`\n── ${tier}\n`);
      const { counts, troubles } = await runTier(root, tier, folder);
      allTroubles.push(...troubles);
      sum = plus(sum, counts);
      lines.push(`${tier.padEnd(10)} ${summaryLine(counts)} in ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (allTroubles.length > 0) process.stdout.write(`\n${allTroubles.join('\n')}\n`);
  process.stdout.write(`\n${lines.join('\n')}\n\n${summaryLine(sum)}\n`);
  return sum.failed + sum.skipped === 0 ? 0 : 1;
}
