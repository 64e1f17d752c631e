import type { Command } from 'commander';
import { processEnvironment } from '../native/host/config.ts';
import { ETCD_FLAGS, FLANNELD_FLAGS, INTERFACE_FLAGS } from './flanneld-flags.ts';
import { goFlagsHelp, parseGoFlags, type GoFlag } from './go-flags.ts';

const OWN_FLAGS: readonly GoFlag[] = [
  { name: 'family', value: 'FAMILY', text: "ipv4, ipv6 or dual (the network config's, if etcd is named, else ipv4)" },
  { name: 'json', text: 'for programs' },
  { name: 'config', value: 'FILE', text: "the agent's settings file" },
  { name: 'help', text: 'print this' },
];

const USAGE = `Usage: weft explain-iface [flags]

Tells which interface weft flanneld would take on this host, and why not another.
Takes every flag and FLANNELD_ variable of the agent: paste its command line.

`;

/** `weft explain-iface`, with the agent's own flags so that a command line can be pasted. */
export function addExplainIfaceCommand(program: Command): void {
  program
    .command('explain-iface')
    .description('tell which interface the agent would take on this host, and why')
    .usage('[flags]')
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async (_options: unknown, command: Command) => {
      const agents = FLANNELD_FLAGS.flatMap((group) => group.flags);
      const { flags, faults } = parseGoFlags(command.args, [...OWN_FLAGS, ...agents, { name: 'h', text: '' }]);
      const { help, h, ...rest } = flags;
      if (help === true || h === true) {
        const groups = [
          { title: 'Interface', flags: INTERFACE_FLAGS },
          { title: 'Others', flags: [...OWN_FLAGS, ...ETCD_FLAGS] },
        ];
        process.stdout.write(USAGE + goFlagsHelp(groups));
        return;
      }
      if (faults.length > 0) {
        for (const fault of faults) process.stderr.write(`weft explain-iface: ${fault}\n`);
        process.exitCode = 2;
        return;
      }
      const { runFlannelCommand } = await import('../flannel/main.ts');
      process.exitCode = await runFlannelCommand('explain-iface', {
        flags: rest,
        words: [],
        env: processEnvironment(),
      });
    });
}
