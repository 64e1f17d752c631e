export interface TapResult {
  /** Names of the suites around it and its own. */
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** What the test printed of its failure. */
  readonly detail: string;
}

const RESULT = /^( *)(not )?ok \d+ - (.*?)(?: # (SKIP|TODO)\b.*)?$/;
const SUBTEST = /^( *)# Subtest: (.*)$/;
const PLAN = /^( *)1\.\.\d+/;

const depthOf = (indent: string | undefined): number => (indent ?? '').length / 4;

/** The lines of the block that tells why a test failed. */
function detailAt(lines: readonly string[], index: number): string {
  const end = lines.findIndex((line, at) => at > index && line.trim() === '...');
  return lines.slice(index + 1, end < 0 ? index + 60 : end).join('\n');
}

/** The leaf tests of Node's TAP output, in order; a suite counts only when it failed by itself. */
export function parseTap(text: string): TapResult[] {
  const results: TapResult[] = [];
  const suites: string[] = [];
  /** Depths whose next result is that of a suite: its plan, one level deeper, came before. */
  const planned = new Set<number>();
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    const opened = SUBTEST.exec(line);
    if (opened !== null) suites.splice(depthOf(opened[1]), Infinity, opened[2] ?? '');
    const plan = PLAN.exec(line);
    if (plan !== null) planned.add(depthOf(plan[1]) - 1);
    const match = RESULT.exec(line);
    if (match === null) continue;
    const [, indent, not, name = '', directive] = match;
    const passed: TapResult['outcome'] = directive === undefined ? 'passed' : 'skipped';
    if (planned.delete(depthOf(indent)) && not === undefined) continue;
    results.push({
      name: [...suites.slice(0, depthOf(indent)), name].join(' > '),
      ...(not === undefined ? { outcome: passed, detail: '' } : { outcome: 'failed', detail: detailAt(lines, index) }),
    });
  }
  return results;
}
