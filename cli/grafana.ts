import type { Command } from 'commander';

/** Adds `weft grafana`. */
export function addGrafanaCommand(program: Command): void {
  program
    .command('grafana')
    .description("write Grafana dashboards, their provisioning, and the dashboard's alert rules for Prometheus")
    .option('--out <folder>', 'where to; files of the same names are replaced')
    .option('--rules <file>', "alert rules in place of the starter rules, as the dashboard's --rules")
    .option('--rules-dir <folder>', "further rules, as the dashboard's --rules-dir")
    .option('--prometheus-url <url>', 'Prometheus as Grafana reaches it (default http://localhost:9090)')
    .option(
      '--dashboards-path <folder>',
      'where Grafana will see the dashboards (default /var/lib/grafana/dashboards/weft)',
    )
    .action(async (flags: Record<string, unknown>) => {
      const { runGrafana } = await import('../dashboard/grafana/main.ts');
      process.exitCode = await runGrafana({ flags });
    });
}
