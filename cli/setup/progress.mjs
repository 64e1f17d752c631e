// What set-up says while it works. Plain JavaScript for Node.js 20 and newer: it runs before anything is installed.
import { spawn } from 'node:child_process';

/** A step that failed: one sentence for a person, and the end of what the program said. */
export class SetupError extends Error {
  name = 'SetupError';
}

const TAIL_LINES = 30;
const QUIET_SECONDS = 10;

const seconds = (sinceMs) => ((performance.now() - sinceMs) / 1000).toFixed(1).padStart(6);

/** Shows that something long goes on: one line that counts on a terminal, else a line every ten seconds. */
function showProgress(title, startMs) {
  const terminal = process.stdout.isTTY === true;
  const show = () => {
    if (terminal) process.stdout.write(`\r${seconds(startMs)} s  ${title} …`);
    else process.stdout.write(`${seconds(startMs)} s  ${title}: still at it\n`);
  };
  const timer = setInterval(show, terminal ? 250 : QUIET_SECONDS * 1000);
  return () => {
    clearInterval(timer);
    if (terminal) process.stdout.write('\r\x1b[K');
  };
}

/** Does one step and says how long it took. */
export async function step(title, work) {
  const startMs = performance.now();
  const stop = showProgress(title, startMs);
  try {
    await work();
  } finally {
    stop();
  }
  process.stdout.write(`${seconds(startMs)} s  ${title}\n`);
}

function collectTail(child) {
  let text = '';
  const keep = (chunk) => {
    text = (text + chunk).slice(-20_000);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  return () => text.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
}

/** Runs a program quietly; throws a SetupError with `advice` and the end of its output when it fails. */
export async function run(file, args, { cwd, env = process.env, advice }) {
  const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const tail = collectTail(child);
  const code = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (status, signal) => resolve(status ?? signal));
  });
  if (code === 0) return;
  throw new SetupError(`${[file, ...args].join(' ')} ended with ${code}: ${advice}\n${tail()}`);
}
