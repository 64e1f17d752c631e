import type { Command } from 'commander';
import { addEtcdOptions, flannelAction } from './flannel-command.ts';

/** `weft cleanup`. */
export function addCleanupCommand(program: Command): void {
  addEtcdOptions(
    program
      .command('cleanup')
      .description('take away what the overlay agent left on this host: devices, routes, rules, subnet.env')
      .option('--dry-run', 'only tell what it would do')
      .option('--release-lease', 'also give up the subnet of this host')
      .option('--state', 'also forget node id, VTEP MACs and keys')
      .option('--force', 'although an agent runs here')
      .option('--subnet-file <file>', "the agent's (default: FLANNELD_SUBNET_FILE, /run/flannel/subnet.env)")
      .option('--state-dir <dir>', "the agent's (default: FLANNELD_STATE_DIR, /var/lib/weft)")
      .option('--json', 'for programs'),
  )
    .allowExcessArguments()
    .action(flannelAction('cleanup'));
}
