import type { Command } from 'commander';
import { processEnvironment } from '../native/host/config.ts';

const collect = (value: string, previous: string[] | undefined): string[] => [...(previous ?? []), value];

/** Adds `weft dashboard`; the server itself is loaded only when it runs. */
export function addDashboardCommand(program: Command): void {
  program
    .command('dashboard')
    .description('show every host and container live, evaluate alert rules and tell webhooks')
    .option(
      '--listen <address:port>',
      'where browsers, agents and the API are served; repeat for more (default 127.0.0.1:8080)',
      collect,
    )
    .option('--public-url <url>', 'under which people reach it, if not http:// and the listen address')
    .option('--state-dir <folder>', 'tokens and alert state (default /var/lib/weft/dashboard)')
    .option('--rules <file>', 'alert rules in YAML (default: CPU over 80 %, memory over 90 % of the limit, for 30 s)')
    .option('--webhook <url>', "receiver of alerts in Alertmanager's format; repeat for more", collect)
    .option('--webhook-secret-file <file>', 'file with whsec_…, to sign what webhooks are sent')
    .option('--agent-token-file <file>', 'token that agents must show (default: agent-token in the state folder)')
    .option('--api-token-file <file>', 'token for the API and /metrics (default: api-token in the state folder)')
    .option('--etcd-endpoints <urls>', "etcd with the overlay agents' presence; without it the overlay is not shown")
    .option('--etcd-cafile <file>', "certificate authority of etcd's certificate")
    .option('--etcd-certfile <file>', 'certificate shown to etcd')
    .option('--etcd-keyfile <file>', 'key of that certificate')
    .option('--etcd-username <name>', 'user of etcd')
    .option('--etcd-password <password>', 'its password; better given as WEFT_DASHBOARD_ETCD_PASSWORD')
    .option('--log-level <level>', 'fatal, error, warn, info, debug or trace (default info)')
    .option('--config <file>', 'YAML file with the same names; WEFT_DASHBOARD_* and flags win over it')
    .action(async (options: Record<string, unknown>) => {
      const { config, ...flags } = options;
      const { runDashboard } = await import('../dashboard/main.ts');
      process.exitCode = await runDashboard({
        flags,
        env: processEnvironment(),
        configFile: typeof config === 'string' ? config : undefined,
      });
    });
}
