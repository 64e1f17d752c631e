import type { Command } from 'commander';
import { addSocketOption, flannelAction } from './flannel-command.ts';

/** `weft status`. */
export function addStatusCommand(program: Command): void {
  addSocketOption(program.command('status'))
    .description('tell what the overlay agent of this host does, and what is wrong')
    .option('--json', 'the whole document')
    .action(flannelAction('status'));
}
