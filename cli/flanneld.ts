import type { Command } from 'commander';
import { processEnvironment } from '../native/host/config.ts';
import { packageVersion } from '../native/host/package-root.ts';
import { FLANNELD_FLAGS } from './flanneld-flags.ts';
import { goFlagsHelp, parseGoFlags } from './go-flags.ts';

const USAGE = `Usage: weft flanneld [flags]

Joins a flannel cluster: leases a subnet in etcd and keeps this host's overlay.

`;

const NOTES = `
Every flag may be written -flag, --flag VALUE or --flag=VALUE, a boolean as
--flag or --flag=false, and set as FLANNELD_FLAG in the environment, which a
flag wins over. Defaults are in parentheses.
`;

/** `weft flanneld`: the overlay agent. */
export function addFlanneldCommand(program: Command): void {
  program
    .command('flanneld')
    .description('run the overlay agent of this host')
    .usage('[flags]')
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async (_options: unknown, command: Command) => {
      const table = FLANNELD_FLAGS.flatMap((group) => group.flags);
      const { flags, faults } = parseGoFlags(command.args, [...table, { name: 'h', text: 'as --help' }]);
      const { config, help, h, version, ...settings } = flags;
      if (help === true || h === true) {
        process.stdout.write(USAGE + goFlagsHelp(FLANNELD_FLAGS) + NOTES);
      } else if (version === true) {
        process.stdout.write(`weft ${packageVersion()}\n`);
      } else if (faults.length > 0) {
        for (const fault of faults) process.stderr.write(`weft flanneld: ${fault}\n`);
        process.exitCode = 2;
      } else {
        const { runFlanneld } = await import('../flannel/main.ts');
        const configFile = typeof config === 'string' ? config : undefined;
        process.exitCode = await runFlanneld({ flags: settings, env: processEnvironment(), configFile });
      }
    });
}
