// A test of real kernels, daemons and browsers may fail because the machine was busy: its file is run once more, alone, and that is told.

/** What only computes fails for a reason. */
const TIMED_TIERS = ['kernel', 'cluster', 'browser', 'vm'];

/** More files than this are no accident. */
const MOST_FILES = 3;

const isFailed = ({ status }) => status === 'failed';

/** The files of a report to run once more; none where too many failed. */
export function filesToTryAgain(tier, { testResults = [] }) {
  const files = testResults.filter(isFailed).map(({ name }) => name);
  return TIMED_TIERS.includes(tier) && files.length <= MOST_FILES ? files : [];
}

const countOf = (results, ...statuses) =>
  results.flatMap(({ assertionResults = [] }) => assertionResults).filter(({ status }) => statuses.includes(status))
    .length;

/** The first report with what the second run says of the files it ran. */
export function mergedReport({ testResults = [] }, again) {
  const ranAgain = again.testResults ?? [];
  const isKept = ({ name }) => !ranAgain.some((each) => each.name === name);
  const results = [...testResults.filter(isKept), ...ranAgain];
  return {
    numPassedTests: countOf(results, 'passed'),
    numFailedTests: countOf(results, 'failed'),
    numPendingTests: countOf(results, 'pending', 'skipped', 'disabled'),
    numTodoTests: countOf(results, 'todo'),
    testResults: results,
  };
}

/** What failed at first and passed at the second try, a line each. */
export function unsteadyLines(troubles, again) {
  const passed = (again.testResults ?? []).flatMap(({ name, assertionResults = [] }) =>
    assertionResults.filter(({ status }) => status === 'passed').map(({ fullName }) => `✗ ${name}: ${fullName}: `),
  );
  return troubles
    .filter((line) => passed.some((start) => line.startsWith(start)))
    .map((line) => line.replace('✗', '↻ passed when run again:'));
}
