import type { Command } from 'commander';
import { addEtcdOptions, flannelAction } from './flannel-command.ts';

/** `weft leases …`: the subnets of all hosts, in etcd. */
export function addLeasesCommand(program: Command): void {
  const leases = program
    .command('leases')
    .description('list, show, release and reserve the subnets of hosts, in etcd')
    .helpCommand(false);
  const add = (usage: string): Command =>
    addEtcdOptions(leases.command(usage).option('--json', 'for programs')).allowExcessArguments();
  add('list')
    .description('who has which subnet, for how long, and how many are free')
    .action(flannelAction('leases list'));
  add('show')
    .description('everything about one lease')
    .argument('<subnet>', 'such as 10.5.1.0/24, or an address inside of it')
    .action(flannelAction('leases show'));
  add('release')
    .description('take the lease of a host that is gone')
    .argument('<subnet>')
    .option('--force', 'also from a host that lives, or of which that cannot be seen')
    .action(flannelAction('leases release'));
  add('reserve')
    .description('keep a subnet for one host, or for nobody when no host is named')
    .argument('<subnet>')
    .option('--for-node <id>', 'the node id in its --state-dir')
    .option('--for-ip <address>', 'its public IP')
    .option('--for-host <name>', 'its host name')
    .option('--note <text>', 'for people')
    .action(flannelAction('leases reserve'));
  add('unreserve')
    .description('give a reserved subnet back')
    .argument('<subnet>')
    .action(flannelAction('leases unreserve'));
}
