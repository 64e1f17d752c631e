import type { Command } from 'commander';
import { processEnvironment } from '../native/host/config.ts';

const collect = (value: string, previous: string[] | undefined): string[] => [...(previous ?? []), value];

/** Adds `weft statsd`; the agent itself is loaded only when it runs. */
export function addStatsdCommand(program: Command): void {
  program
    .command('statsd')
    .description("measure this host's containers and serve or send what was measured")
    .option(
      '--listen <address:port>',
      'status server with /metrics, /healthz and /readyz; "off" for none (default 127.0.0.1:9101)',
    )
    .option('--dashboard <url>', 'dashboard to send to, such as http://10.0.0.1:8080; repeat for more', collect)
    .option('--agent-token-file <file>', 'file with the token that dashboards ask for; read again at each connection')
    .option('--agent-token <token>', 'the token itself; seen by everybody who sees processes')
    .option('--interval <duration>', 'time between two measurements, 100ms to 60s (default 1s)')
    .option('--cgroup-root <path>', 'only containers below this cgroup, such as /kubepods (default /)')
    .option('--cgroup-mount <path>', 'only cgroup mounts at or under this path (default: all)')
    .option(
      '--runc-root <folder>',
      'state folder of runc or crun; repeat for more (default: where they are by themselves)',
      collect,
    )
    .option('--container-label <name>', 'container label to put on every series; repeat for more', collect)
    .option('--hostname <name>', 'name of this host on dashboards (default: its own)')
    .option('--state-dir <folder>', 'where this node keeps its id (default /var/lib/weft)')
    .option('--host-root <folder>', "where the host's root is mounted, for an agent in a container (default /)")
    .option('--procfs <folder>', 'where proc is mounted (default /proc)')
    .option('--sysfs <folder>', 'where sysfs is mounted (default /sys)')
    .option('--docker-root <folder>', "docker's data folder (default /var/lib/docker)")
    .option('--containers-storage <folder>', "podman's and cri-o's storage (default /var/lib/containers/storage)")
    .option('--containers-run <folder>', "podman's and cri-o's run folder (default /run/containers/storage)")
    .option(
      '--containerd-tasks <folder>',
      "containerd's bundles (default /run/containerd/io.containerd.runtime.v2.task)",
    )
    .option('--log-level <level>', 'fatal, error, warn, info, debug or trace (default info)')
    .option('--config <file>', 'YAML file with the same names; WEFT_STATSD_* and flags win over it')
    .action(async (options: Record<string, unknown>) => {
      const { config, ...flags } = options;
      const { runStatsd } = await import('../statsd/main.ts');
      process.exitCode = await runStatsd({
        flags,
        env: processEnvironment(),
        configFile: typeof config === 'string' ? config : undefined,
      });
    });
}
