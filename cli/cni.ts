import type { Command } from 'commander';

/** `weft cni`: the CNI plugin by hand; runtimes start `cli/weft-cni`, which loads less. */
export function addCniCommand(program: Command): void {
  program
    .command('cni')
    .description("answer a container runtime in CNI's protocol, in the place of flannel's plugin")
    .action(async () => {
      const { runCniPlugin } = await import('../flannel/cni/main.ts');
      process.exitCode = await runCniPlugin();
    });
}
