import type { Command } from 'commander';

/** Adds `weft restore`. */
export function addRestoreCommand(program: Command): void {
  program
    .command('restore')
    .argument('<file>', 'what the dashboard gave as a backup')
    .description(
      "put a dashboard's backup into a data folder that has nothing of the kind yet; the dashboard must not run",
    )
    .option('--data-dir <folder>', "the dashboard's data folder (default /var/lib/weft/dashboard)")
    .action(async (file: string, flags: Record<string, unknown>) => {
      const { runRestore } = await import('../dashboard/restore/main.ts');
      process.exitCode = await runRestore({ file, flags });
    });
}
