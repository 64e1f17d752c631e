import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, loadavg, release } from 'node:os';
import { join } from 'node:path';
import { runAlertBench } from './dashboard-alerts.ts';
import { runDashboardBench } from './dashboard.ts';
import { runDashboardPageBench } from './dashboard-page.ts';
import { runDemoBench } from './demo.ts';
import { runOverlayEventsBench } from './overlay-events.ts';
import { runOverlaySyncBench } from './overlay-sync.ts';
import { runOverlayThroughputBench } from './overlay-throughput.ts';
import { mergedResults, tableOf } from './results.ts';
import type { Bench } from './row.ts';
import { runSoakBench } from './soak.ts';
import { runStatsBench } from './stats.ts';

/** `npm run bench [-- NAME…]`: all of them, or the named ones; `overlay` names all that start with `overlay-`. */
const BENCHES: Readonly<Record<string, { readonly title: string; readonly run: Bench }>> = {
  'overlay-sync': { title: 'Overlay agent: start', run: runOverlaySyncBench },
  'overlay-events': { title: 'Overlay agent: running', run: runOverlayEventsBench },
  'overlay-throughput': { title: 'Overlay agent: throughput', run: runOverlayThroughputBench },
  stats: { title: 'Stats agent', run: runStatsBench },
  soak: { title: 'Stats agent: ten thousand lives', run: runSoakBench },
  dashboard: { title: 'Dashboard', run: runDashboardBench },
  'dashboard-page': { title: 'Dashboard: the page', run: runDashboardPageBench },
  'dashboard-alerts': { title: 'Dashboard: alert rules', run: () => Promise.resolve(runAlertBench()) },
  demo: { title: 'The demo cluster: repair times and memory', run: runDemoBench },
};
const RESULTS = join(import.meta.dirname, 'results.md');

function machine(): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  // Figures of a machine that others use as well are worth little: whoever reads them has to know.
  const load = (loadavg()[1] ?? 0).toFixed(1);
  const day = new Date().toISOString().slice(0, 10);
  return `Linux ${release()} ${arch()}, ${cpus().length} × ${processor}, load ${load} before, Node ${process.version}, commit ${commit}, ${day}.`;
}

const isNamed = (name: string, by: string): boolean => name === by || name.startsWith(`${by}-`);

const names = Object.keys(BENCHES);
const wanted = process.argv.slice(2);
const unknown = wanted.filter((by) => !names.some((name) => isNamed(name, by)));
if (unknown.length > 0) {
  console.error(`npm run bench: unknown benchmark "${unknown.join('", "')}": expected ${names.join(', ')}`);
  process.exit(2);
}

const renewed = new Map<string, string>();
for (const [name, { title, run }] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.some((by) => isNamed(name, by))) continue;
  console.error(`${name} …`);
  const where = machine();
  const text = `${where}\n\n${tableOf(await run())}`;
  console.log(`\n## ${title}\n\n${text}`);
  renewed.set(title, text);
  const before = existsSync(RESULTS) ? readFileSync(RESULTS, 'utf8') : '';
  const titles = Object.values(BENCHES).map((bench) => bench.title);
  writeFileSync(RESULTS, mergedResults(before, renewed, titles));
}
