import { Command, CommanderError } from 'commander';
import { packageVersion } from '../native/host/package-root.ts';
import { addCleanupCommand } from './cleanup.ts';
import { addCniCommand } from './cni.ts';
import { addConfigCommand } from './config.ts';
import { addDashboardCommand } from './dashboard.ts';
import { addDemoCommand } from './demo.ts';
import { addDockerOptsCommand } from './docker-opts.ts';
import { addExplainIfaceCommand } from './explain-iface.ts';
import { addFlanneldCommand } from './flanneld.ts';
import { addGrafanaCommand } from './grafana.ts';
import { addLeasesCommand } from './leases.ts';
import { meetLostOutput } from './lost-output.ts';
import { addPeersCommand } from './peers.ts';
import { addRestoreCommand } from './restore.ts';
import { addStatsdCommand } from './statsd.ts';
import { addStatusCommand } from './status.ts';
import { addTopCommand } from './top.ts';
import { addTraceNatCommand } from './trace-nat.ts';
import { addVersionCommand } from './version.ts';

const EXAMPLES = `
Examples:
  weft flanneld --etcd-endpoints http://10.0.0.1:2379 --iface eth0    on each host: its subnet and its routes
  weft statsd --dashboard http://dash.example:8080 --agent-token-file /etc/weft/agent-token
  weft dashboard --etcd-endpoints http://10.0.0.1:2379                on one host
  weft demo                                                           all of it on this machine, to try

Every option of an agent can also be set in its --config file and in the environment: "weft AGENT --help" names them.
Exit codes: 0 stopped as asked, 1 failed, 2 wrong usage or settings.`;

const program = new Command('weft')
  .description('A cluster overlay that joins flannel networks, with live container stats, a dashboard and alerts.')
  .version(`weft ${packageVersion()}`, '-V, --version', 'print the version')
  .helpOption('-h, --help', 'print this, or the help of a subcommand')
  .helpCommand(false)
  .addHelpText('after', EXAMPLES)
  .configureHelp({ showGlobalOptions: false })
  .exitOverride();

for (const add of [
  addFlanneldCommand,
  addStatusCommand,
  addPeersCommand,
  addLeasesCommand,
  addConfigCommand,
  addExplainIfaceCommand,
  addTraceNatCommand,
  addCleanupCommand,
  addDockerOptsCommand,
  addCniCommand,
  addStatsdCommand,
  addTopCommand,
  addDashboardCommand,
  addGrafanaCommand,
  addRestoreCommand,
  addDemoCommand,
  addVersionCommand,
]) {
  add(program);
}

meetLostOutput(process);
try {
  await program.parseAsync();
} catch (error) {
  // commander has printed its sentence already. Help and version come this way too, and are no failure.
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
