import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { arch, cpus, release } from 'node:os';
import { join } from 'node:path';
import { runDashboardBench } from './dashboard.ts';
import { runDemoBench } from './demo.ts';
import { runOverlayBench } from './overlay.ts';
import type { Bench, BenchRow } from './row.ts';
import { runStatsBench } from './stats.ts';

/** `npm run bench [overlay] [stats] …`: all of them, or the named ones; only a full run renews results.md. */
const BENCHES: Readonly<Record<string, { readonly title: string; readonly run: Bench }>> = {
  overlay: { title: 'Overlay agent', run: runOverlayBench },
  stats: { title: 'Stats agent', run: runStatsBench },
  dashboard: { title: 'Dashboard', run: runDashboardBench },
  demo: { title: 'The demo cluster: repair times and memory', run: runDemoBench },
};

/** Three significant digits, no exponent. */
function digits(value: number): string {
  if (Number.isNaN(value)) return 'n/a';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

function table(rows: readonly BenchRow[]): string {
  const lines = rows.map(({ name, value, unit, peer, peerValue }) => {
    const held = peer === undefined ? '' : peerValue === undefined ? peer : `${digits(peerValue)} ${unit} (${peer})`;
    const ratio = peerValue === undefined ? '' : digits(value / peerValue);
    return `| ${name} | ${digits(value)} ${unit} | ${held} | ${ratio} |`;
  });
  return ['| figure | measured | held against | ratio |', '|---|---|---|---|', ...lines].join('\n');
}

function machine(): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `Linux ${release()} ${arch()}, ${cpus().length} × ${processor}, Node ${process.version}, commit ${commit}, ${new Date().toISOString().slice(0, 10)}.`;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(
    `npm run bench: unknown benchmark "${unknown.join('", "')}": expected ${Object.keys(BENCHES).join(', ')}`,
  );
  process.exit(2);
}

const sections: string[] = [];
for (const [name, { title, run }] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.error(`${name} …`);
  const text = table(await run());
  console.log(`\n## ${title}\n\n${text}`);
  sections.push(`## ${title}\n\n${text}\n`);
}
if (wanted.length === 0) {
  const head = `# Benchmark results\n\nWritten by \`npm run bench\`; figures are of one run, one after the other. ${machine()}\nA ratio below 1 means less than what it is held against.\n`;
  writeFileSync(join(import.meta.dirname, 'results.md'), `${head}\n${sections.join('\n')}`);
}
