import { Option, type Command } from 'commander';
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
    .option(
      '--dashboard-ca <file>',
      "CA certificate (PEM) that vouches for dashboards, in the place of the system's; read again at each connection",
    )
    .option('--token-file <file>', 'file with the token that dashboards ask for; read again at each connection')
    .option('--agent-token <token>', 'the token itself; seen by everybody who sees processes')
    .option('--interval <duration>', 'time between two measurements, 100ms to 60s (default 1s)')
    .option(
      '--cpu-budget <part>',
      'part of one core to use at most, by measuring less often; "off" for none (default 10%)',
    )
    .option(
      '--enable-v1-io-accounting',
      'make a cgroup v1 kernel from 6.10 on count block IO, by a rule on each disk that limits nothing',
    )
    .option(
      '--cgroup-root <path>',
      'only containers below this cgroup, such as /kubepods, or directory, such as /host/sys/fs/cgroup (default /)',
    )
    .option('--cgroup-mount <path>', 'only cgroup mounts at or under this path (default: all)')
    .option(
      '--runc-root <folder>',
      'state folder of runc or crun; repeat for more (default: where they are by themselves)',
      collect,
    )
    .option('--label <name>', 'container label to put on every series, or a prefix and *; repeat for more', collect)
    .option('--tag <key=value>', 'what this host is, for dashboards; repeat for more', collect)
    .option('--include <filter>', 'only containers such as name=web-* or label=tier=front; repeat for more', collect)
    .option('--exclude <filter>', 'no containers such as image=*/pause:*; repeat for more', collect)
    .option('--services <which>', "show systemd's units too: off, system or all, which has users' units (default off)")
    .option('--keep-exited <duration>', 'how long ended containers are told of, up to 24h (default 15m)')
    .option('--hostname <name>', 'name of this host on dashboards (default: its own)')
    .option('--state-dir <folder>', 'where this node keeps its id (default /var/lib/weft)')
    .option('--host-root <folder>', "where the host's root is mounted, for an agent in a container (default /)")
    .option('--proc-root <folder>', 'where proc is mounted (default /proc)')
    .option('--sysfs <folder>', 'where sysfs is mounted (default /sys)')
    .option('--docker-root <folder>', "docker's data folder (default /var/lib/docker)")
    .option('--containers-storage <folder>', "podman's and cri-o's storage (default /var/lib/containers/storage)")
    .option('--containers-run <folder>', "podman's and cri-o's run folder (default /run/containers/storage)")
    .option(
      '--containerd-tasks <folder>',
      "containerd's bundles (default /run/containerd/io.containerd.runtime.v2.task)",
    )
    .option(
      '--exit-folder <folder>',
      "where podman's and cri-o's conmon writes exit codes; repeat for more (default: where they are by themselves)",
      collect,
    )
    .option(
      '--runtime-socket <path>',
      'socket of docker or podman, asked for what files do not tell; repeat for more, "off" for none (default: the usual two, and each user\'s for own containers)',
      collect,
    )
    // Spellings of before.
    .addOption(new Option('--procfs <folder>').hideHelp())
    .addOption(new Option('--agent-token-file <file>').hideHelp())
    .addOption(new Option('--container-label <name>').argParser(collect).hideHelp())
    .option('--metrics-profile <name>', 'default (at most 30 series for each container) or cadvisor (all its names)')
    .option('--metrics-max-series <n>', 'leave containers out of /metrics beyond this many series (default 200000)')
    .option(
      '--process-metrics',
      'processes, descriptors and sockets of each container on /metrics, looked at within 2 % of a core',
    )
    .option('--layer-size', 'how much each container has written into its root, measured within 2 % of a core')
    .option(
      '--docker-socket <file>',
      "serve docker's stats API for the containers of every runtime on this unix socket",
    )
    .option('--docker-socket-group <group>', 'let members of this group connect too (default: the owner alone)')
    .option('--docker-listen <address:port>', 'serve it on TCP as well, to those who carry the token')
    .option('--docker-token-file <file>', 'file with the token for --docker-listen')
    .option('--statsd-to <address:port>', 'StatsD daemon that gets gauges of all containers (default: none)')
    .option('--statsd-format <name>', 'dogstatsd (tags) or statsd (names); default dogstatsd')
    .option('--statsd-interval <duration>', 'time between two sendings to it, 1s to 1h (default 10s)')
    .option('--statsd-listen <address:port>', 'take StatsD and DogStatsD from containers here, over UDP (default: not)')
    .option('--statsd-max-series <n>', 'series that containers may make by it in all (default 5000)')
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
