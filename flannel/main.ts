import { systemClock, systemRandom } from '../native/host/clock.ts';
import { ConfigError, type AgentInput } from '../native/host/config.ts';
import { runUntilSignal, StopRequested, type ExitCode } from '../native/host/lifecycle.ts';
import { createLogger } from '../native/host/log.ts';
import type { Command, CommandInput } from './commands/command.ts';
import type { FlannelConfig } from './config.ts';
import { givenVariables } from './given-variables.ts';

/** The overlay agent, from its settings to its end: `weft flanneld`. Wrong settings: one line each on stderr, 2. */
export async function runFlanneld(input: AgentInput): Promise<ExitCode> {
  const { loadFlannelConfig } = await import('./config.ts');
  let config: FlannelConfig;
  try {
    config = loadFlannelConfig(input);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const fault of error.faults) process.stderr.write(`weft flanneld: ${fault}\n`);
    return 2;
  }
  const { startAgent } = await import('./start.ts');
  const log = createLogger({ name: 'flanneld', level: config.logLevel });
  const parts = { config, clock: systemClock, random: systemRandom, log, startedAtUnixMs: Date.now() };
  return runUntilSignal(log, (signal) => startAgent(parts, signal));
}

// Each is loaded alone: a status must not wait for an etcd client.
const COMMANDS = {
  status: async () => (await import('./commands/status.ts')).statusCommand,
  peers: async () => (await import('./commands/peers.ts')).peersCommand,
  'leases list': async () => (await import('./commands/leases.ts')).listCommand,
  'leases show': async () => (await import('./commands/leases.ts')).showCommand,
  'leases release': async () => (await import('./commands/lease-changes.ts')).releaseCommand,
  'leases reserve': async () => (await import('./commands/lease-changes.ts')).reserveCommand,
  'leases unreserve': async () => (await import('./commands/lease-changes.ts')).unreserveCommand,
  'config get': async () => (await import('./commands/config.ts')).getCommand,
  'config set': async () => (await import('./commands/config.ts')).setCommand,
  'config check': async () => (await import('./commands/config.ts')).checkCommand,
  'explain-iface': async () => (await import('./commands/explain-iface.ts')).explainIfaceCommand,
  'trace-nat': async () => (await import('./commands/trace-nat.ts')).traceNatCommand,
  cleanup: async () => (await import('./commands/cleanup.ts')).cleanupCommand,
} satisfies Record<string, () => Promise<Command>>;

export type FlannelCommandName = keyof typeof COMMANDS;

/** A command that asks or changes something and ends. What it cannot do: one sentence on stderr, 1, or 2 for wrong usage. */
export async function runFlannelCommand(name: FlannelCommandName, input: CommandInput): Promise<ExitCode> {
  const { standardOutput, toldAs } = await import('./commands/command.ts');
  const { printable } = await import('./commands/table.ts');
  const command = await COMMANDS[name]();
  const controller = new AbortController();
  const stop = (signalName: NodeJS.Signals): void => {
    controller.abort(new StopRequested(signalName));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    const given = { ...input, env: givenVariables(input.env) };
    return await command({ input: given, output: standardOutput(), signal: controller.signal });
  } catch (error) {
    if (error === controller.signal.reason) return 1;
    const told = toldAs(error);
    if (told === undefined) throw error;
    for (const sentence of told.sentences) process.stderr.write(`weft ${name}: ${printable(sentence)}\n`);
    return told.code;
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}
