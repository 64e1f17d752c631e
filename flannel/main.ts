import { systemClock, systemRandom } from '../native/host/clock.ts';
import { ConfigError, type AgentInput } from '../native/host/config.ts';
import { runUntilSignal, type ExitCode } from '../native/host/lifecycle.ts';
import { createLogger } from '../native/host/log.ts';
import { loadFlannelConfig, type FlannelConfig } from './config.ts';
import { startAgent } from './start.ts';

/** The overlay agent, from its settings to its end: `weft flanneld`. Wrong settings: one line each on stderr, 2. */
export async function runFlanneld(input: AgentInput): Promise<ExitCode> {
  let config: FlannelConfig;
  try {
    config = loadFlannelConfig(input);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const fault of error.faults) process.stderr.write(`weft flanneld: ${fault}\n`);
    return 2;
  }
  const log = createLogger({ name: 'flanneld', level: config.logLevel });
  const parts = { config, clock: systemClock, random: systemRandom, log, startedAtUnixMs: Date.now() };
  return runUntilSignal(log, (signal) => startAgent(parts, signal));
}
