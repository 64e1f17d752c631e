import type { Command } from 'commander';
import { flannelAction } from './flannel-command.ts';

/** `weft trace-nat`. */
export function addTraceNatCommand(program: Command): void {
  program
    .command('trace-nat')
    .description(
      "tell which rules of this host's firewalls hit a new connection's packets, and what becomes of its source",
    )
    .usage('[options] SRC DST')
    .option('--subnet-file <file>', "the agent's (default: FLANNELD_SUBNET_FILE, /run/flannel/subnet.env)")
    .option('--json', 'for programs')
    .allowExcessArguments()
    .action(flannelAction('trace-nat'));
}
