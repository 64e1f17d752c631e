import type { Command } from 'commander';
import type { FlannelCommandName } from '../flannel/main.ts';
import { processEnvironment } from '../native/host/config.ts';
import { ETCD_FLAGS } from './flanneld-flags.ts';

/** What runs when commander has read the flags: the command itself is loaded only then. */
export function flannelAction(name: FlannelCommandName): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    const command = args.at(-1) as Command;
    const { runFlannelCommand } = await import('../flannel/main.ts');
    process.exitCode = await runFlannelCommand(name, {
      flags: command.opts(),
      words: command.args,
      env: processEnvironment(),
    });
  };
}

/** For every command that asks the agent of this host. */
export function addSocketOption(command: Command): Command {
  return command.option(
    '--status-socket <file>',
    "the agent's socket (default: FLANNELD_STATUS_SOCKET, /run/weft/flannel.sock)",
  );
}

/** For every command that reads etcd: the agent's own flags, and its FLANNELD_ variables with them. */
export function addEtcdOptions(command: Command): Command {
  for (const { name, value, text } of ETCD_FLAGS) {
    command.option(`--${name}${value === undefined ? '' : ` <${value.toLowerCase()}>`}`, text);
  }
  return command;
}
