import type { Command } from 'commander';
import { packageVersion } from '../native/host/package-root.ts';

/** `weft version`: the one version that every part has. */
export function addVersionCommand(program: Command): void {
  program
    .command('version')
    .description('print the version of weft and of the Node.js it runs on')
    .action(() => {
      process.stdout.write(`weft ${packageVersion()} (Node.js ${process.versions.node})\n`);
    });
}
