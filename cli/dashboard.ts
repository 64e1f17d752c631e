import { Option, type Command } from 'commander';
import { processEnvironment } from '../native/host/config.ts';

const collect = (value: string, previous: string[] | undefined): string[] => [...(previous ?? []), value];

/** Adds `weft dashboard`; the server itself is loaded only when it runs. */
export function addDashboardCommand(program: Command): void {
  program
    .command('dashboard')
    .description('show every host and container live, evaluate alert rules and tell webhooks')
    .option(
      '--listen <host:port>',
      'where browsers, agents and the API are served; repeat for more (default 127.0.0.1:8080)',
      collect,
    )
    .option('--public-url <url>', 'under which people reach it, if not http:// and the listen address')
    .option('--tls-cert <file>', 'certificate chain in PEM, to serve https; read again when it changes')
    .option('--tls-key <file>', 'key of that certificate')
    .option('--trusted-proxy <networks>', 'proxies in front whose X-Forwarded-For and X-Forwarded-Proto are believed')
    .option('--forward-auth-header <name>', 'header in which those tell whom they let in, such as Remote-User')
    .option('--forward-auth-groups-header <name>', "header with that one's groups, such as Remote-Groups")
    .option('--admin-groups <groups>', 'groups, of a proxy in front, that are admins here')
    .option('--editor-groups <groups>', 'groups that are editors')
    .option('--viewer-groups <groups>', 'groups that are viewers (without any groups, everybody is)')
    .option('--insecure', 'serve other machines without TLS, where a proxy or a tunnel does it')
    .option('--data-dir <folder>', 'tokens, users, alert state and history (default /var/lib/weft/dashboard)')
    // The name of before.
    .addOption(new Option('--state-dir <folder>').hideHelp())
    .option(
      '--remote-write-url <url>',
      'Prometheus-compatible store to send history to, such as http://host:9090/api/v1/write',
    )
    .option(
      '--remote-read-url <url>',
      "the store's API, for what is older than the own history, such as http://host:9090",
    )
    .option('--remote-token-file <file>', 'bearer token for both')
    .option('--history-max-bytes <size>', 'what history may take on the disk (default 1GiB)')
    .option('--rules <file>', 'alert rules in YAML, in place of the twelve starter rules')
    .option('--rules-dir <folder>', 'folder of *.yaml files with further rules; they win over rules of the same name')
    .option('--webhook <url>', "receiver of alerts in Alertmanager's format; repeat for more", collect)
    .option('--notify <file>', 'receivers, routes, inhibition and mute windows in YAML')
    .option('--group-wait <duration>', 'how long a group of alerts waits for more before it is told (default 30s)')
    .option('--group-interval <duration>', 'how often a group is looked at afterwards (default 5m)')
    .option('--repeat-interval <duration>', 'how often what still fires is told again (default 4h)')
    .option(
      '--allow-private-targets <networks>',
      'networks that receivers may be in although they are not public, such as 10.0.0.0/8',
    )
    .option('--webhook-secret-file <file>', 'file with whsec_…, to sign what webhooks are sent')
    .option('--agent-token-file <file>', 'token that agents must show (default: agent-token in the data folder)')
    .option('--api-token-file <file>', 'token for the API and /metrics (default: api-token in the data folder)')
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
