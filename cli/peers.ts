import type { Command } from 'commander';
import { addSocketOption, flannelAction } from './flannel-command.ts';

/** `weft peers`. */
export function addPeersCommand(program: Command): void {
  addSocketOption(program.command('peers'))
    .description('list the hosts that this one has to reach, and whether it can')
    .option('--state <state>', 'only those: programmed, pending, failed or held')
    .option('--json', 'with everything that is known of each')
    .action(flannelAction('peers'));
}
