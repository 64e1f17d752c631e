// Runs every test tier and counts: what was skipped has not passed.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runHere } from './child.mjs';
import { nodeBinary, ownEnvironment } from './packages.mjs';

/** In the order in which they tell something: the quick ones first. */
export const TIERS = ['static', 'unit', 'kernel', 'cluster', 'browser', 'vm'];

/** What is judged without running anything: npm scripts, each of which counts as one test. */
const STATIC_CHECKS = ['typecheck', 'lint', 'format:check', 'layers', 'deadcode'];

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

export const summaryLine = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return {};
  }
}

async function runStaticChecks(root) {
  const counts = { ...NOTHING };
  for (const script of STATIC_CHECKS) {
    const options = { cwd: root, env: ownEnvironment(root), stdio: ['ignore', 'inherit', 'inherit'] };
    const code = await runHere('npm', ['run', '--silent', script], options);
    process.stdout.write(` ${code === 0 ? '✓' : '✗'} npm run ${script}\n`);
    counts[code === 0 ? 'passed' : 'failed'] += 1;
  }
  return counts;
}

async function runTier(root, tier, outputFile) {
  if (tier === 'static') return await runStaticChecks(root);
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const args = ['run', '--project', tier, '--reporter=default', '--reporter=json', `--outputFile.json=${outputFile}`];
  const code = await runHere(nodeBinary(root), [vitest, ...args], {
    cwd: root,
    env: ownEnvironment(root),
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return countsOf(readReport(outputFile), code);
}

/** Runs tiers one after the other; the last line printed is the sum over all. Gives the exit code. */
export async function runTiers(root, tiers) {
  const folder = mkdtempSync(join(tmpdir(), 'weft-tests-'));
  let sum = NOTHING;
  const lines = [];
  try {
    for (const tier of tiers) {
      const startMs = performance.now();
      process.stdout.write(`\n── ${tier}\n`);
      const counts = await runTier(root, tier, join(folder, `${tier}.json`));
      sum = plus(sum, counts);
      lines.push(`${tier.padEnd(8)} ${summaryLine(counts)} in ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.stdout.write(`\n${lines.join('\n')}\n\n${summaryLine(sum)}\n`);
  return sum.failed + sum.skipped === 0 ? 0 : 1;
}
