import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { systemClock, systemRandom } from '../../native/host/clock.ts';
import { ConfigError, type AgentInput } from '../../native/host/config.ts';
import { FatalError, StopRequested, type ExitCode } from '../../native/host/lifecycle.ts';
import { createConsole, formatSeconds, type Console } from './console.ts';
import { runDemo as runDemoUntil } from './demo.ts';
import { parseDemoOptions } from './options.ts';
import { withoutSettings } from './service.ts';
import { assertWritable } from './state-file.ts';

/**
 * SIGINT, SIGTERM and SIGHUP ask for an end once; further ones are only answered, for what is half taken down would stay.
 * (A Ctrl-C under npm arrives twice: from the terminal and from npm.)
 */
function stopSignal(console: Console): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) return;
      console.say(`stopping (${name})`);
      controller.abort(new StopRequested(name));
    });
  }
  return controller.signal;
}

function report(error: unknown): ExitCode {
  const lines =
    error instanceof ConfigError ? error.faults : [error instanceof FatalError ? error.message : String(error)];
  for (const line of lines) process.stderr.write(`weft demo: ${line}\n`);
  if (error instanceof ConfigError) return 2;
  if (error instanceof FatalError) return error.exitCode;
  if (error instanceof Error && error.stack !== undefined) process.stderr.write(`${error.stack}\n`);
  return 1;
}

/** Runs the demo until it is told to stop; the cluster is gone when this settles. Never throws. */
export async function runDemo(input: AgentInput): Promise<ExitCode> {
  // Whoever reads the output may leave; the demo goes on.
  process.stdout.on('error', () => undefined);
  const console = createConsole((text) => process.stdout.write(text), systemClock);
  const startMs = systemClock.monotonicMs();
  try {
    const options = parseDemoOptions(input);
    const stateFile = options.state === undefined ? undefined : resolve(options.state);
    if (stateFile !== undefined) await assertWritable(stateFile);
    const signal = stopSignal(console);
    await runDemoUntil(
      { ...options, state: stateFile },
      {
        console,
        clock: systemClock,
        random: systemRandom,
        pid: process.pid,
        userId: process.geteuid?.() ?? -1,
        env: withoutSettings(input.env),
        cores: availableParallelism(),
        onUp: () => {
          console.say(`up after ${formatSeconds(systemClock.monotonicMs() - startMs).trim()}`);
        },
      },
      signal,
    );
    return 0;
  } catch (error) {
    return error instanceof StopRequested ? 0 : report(error);
  }
}
