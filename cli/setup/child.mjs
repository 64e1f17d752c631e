// A program in this terminal, for as long as this process is wanted.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const PARENT_POLL_MS = 500;

/**
 * npm runs a script in a shell of its own. Told to end, it ends itself and the shell; what the shell started is told nothing,
 * and only sees that it has another parent.
 */
function onOrphaned(act) {
  if (process.env.npm_lifecycle_event === undefined) return undefined;
  const parent = process.ppid;
  return setInterval(() => {
    if (process.ppid !== parent) act();
  }, PARENT_POLL_MS);
}

/** Runs a program with this terminal and hands signals on to it; gives the exit code, 128 + n for signal n. */
export async function runHere(file, args, options = {}) {
  const child = spawn(file, args, { stdio: 'inherit', ...options });
  const hand = (name) => child.kill(name);
  // A Ctrl-C reaches the child from the terminal; this process only waits for its end.
  const ignore = () => undefined;
  process.on('SIGINT', ignore).on('SIGTERM', hand).on('SIGHUP', hand);
  const watch = onOrphaned(() => hand('SIGTERM'));
  try {
    return await new Promise((resolve) => {
      child.once('error', (error) => {
        process.stderr.write(`weft: ${error.message}\n`);
        resolve(1);
      });
      child.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
    });
  } finally {
    clearInterval(watch);
    process.off('SIGINT', ignore).off('SIGTERM', hand).off('SIGHUP', hand);
  }
}
