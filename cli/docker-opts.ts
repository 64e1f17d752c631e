import type { Command } from 'commander';
import { processEnvironment } from '../native/host/config.ts';

/** `weft docker-opts`: dockerd's options from subnet.env. Its flags are those of flannel's script, letters only. */
export function addDockerOptsCommand(program: Command): void {
  program
    .command('docker-opts')
    .description("write dockerd's options from subnet.env, as mk-docker-opts.sh does")
    .usage('[-f FILE] [-d FILE] [-i] [-c] [-k NAME] [-m]')
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async (_options: unknown, command: Command) => {
      const { runDockerOpts } = await import('../flannel/docker-opts.ts');
      const input = { argv: command.args, env: processEnvironment() };
      process.exitCode = await runDockerOpts(input, AbortSignal.timeout(60_000));
    });
}
