import { ConfigError } from './config.ts';
import type { Logger } from './log.ts';

/** A person or supervisor asked the process to stop; the reason an agent's signal carries. */
export class StopRequested extends Error {
  override readonly name = 'StopRequested';

  constructor(signalName: string) {
    super(`stopped by ${signalName}`);
  }
}

export type ExitCode = 0 | 1 | 2;

/** A start that cannot succeed whatever is retried: one sentence for a person, and the exit code to end with. */
export class FatalError extends Error {
  override readonly name = 'FatalError';
  readonly exitCode: ExitCode;

  constructor(message: string, options: { readonly exitCode?: ExitCode; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.exitCode = options.exitCode ?? 1;
  }
}

/** Tells a person what is wrong with the settings, one line for each fault; anything else is thrown on. */
export function reportConfigError(command: string, error: unknown): ExitCode {
  if (!(error instanceof ConfigError)) throw error;
  for (const fault of error.faults) process.stderr.write(`${command}: ${fault}\n`);
  return 2;
}

/**
 * Runs an agent until SIGINT or SIGTERM aborts its signal. Clean end: 0. {@link FatalError}: its sentence, its code. Anything
 * else: logged with its stack, 1. A second signal ends the process at once. The caller sets `process.exitCode`.
 */
export async function runUntilSignal(log: Logger, run: (signal: AbortSignal) => Promise<void>): Promise<ExitCode> {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(1);
    log.info({ signal: name }, 'stopping');
    controller.abort(new StopRequested(name));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  // A pending await alone does not keep Node alive.
  const hold = setInterval(() => undefined, 2 ** 30);
  try {
    await run(controller.signal);
    return 0;
  } catch (err) {
    if (err === controller.signal.reason || err instanceof StopRequested) return 0;
    if (err instanceof FatalError) {
      log.fatal(err.message);
      return err.exitCode;
    }
    log.fatal({ err }, 'failed');
    return 1;
  } finally {
    clearInterval(hold);
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}
