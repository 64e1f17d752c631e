import type { Command } from 'commander';
import { addEtcdOptions, flannelAction } from './flannel-command.ts';

const SOURCE = 'a file, - for standard input, or the JSON itself';

/** `weft config …`: the network configuration in etcd. */
export function addConfigCommand(program: Command): void {
  const config = program
    .command('config')
    .description('get, check and set the network configuration in etcd')
    .helpCommand(false);
  const add = (name: string): Command =>
    addEtcdOptions(config.command(name).option('--json', 'for programs')).allowExcessArguments();
  add('get').description('print it as it was written').action(flannelAction('config get'));
  add('check')
    .description('whether agents can use it, and what it means with every default')
    .argument('[source]', `${SOURCE}; without it what is in etcd`)
    .action(flannelAction('config check'));
  add('set')
    .description('check it, show what changes, and write it unless somebody else did meanwhile')
    .argument('<source>', SOURCE)
    .option('--dry-run', 'write nothing')
    .action(flannelAction('config set'));
}
