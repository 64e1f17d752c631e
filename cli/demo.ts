import type { Command } from 'commander';
import { processEnvironment } from '../native/host/config.ts';

const EXAMPLES = `
Examples:
  weft demo                             three hosts, dashboard on http://127.0.0.1:8080
  weft demo --hosts 5 --port 9000
  weft demo --state /tmp/demo.json      for scripts: addresses, pids and tokens as JSON, when all is up
  weft demo --webhook http://127.0.0.1:9000/hook

Needs root, VXLAN in the kernel, etcd, runc or crun, and a static busybox. Everything it makes is gone when it ends;
what a killed demo left is removed by the next start. Exit codes: 0 stopped, 1 failed, 2 wrong usage.`;

/** `weft demo`: a whole cluster on one machine. */
export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('bring up a whole cluster on this one machine: etcd, hosts, containers, dashboard')
    .option('--hosts <number>', 'hosts to bring up, 1 to 16 (default: 3)')
    .option('--port <number>', "the dashboard's port on 127.0.0.1 (default: 8080)")
    .option('--state <file>', 'write one JSON document there when all is up; removed at the end')
    .option('--no-load', 'only a web server and two idle containers on each host')
    .option('--webhook <url>', 'also send alerts there; may be given again', (url: string, urls?: string[]) => [
      ...(urls ?? []),
      url,
    ])
    .addHelpText('after', EXAMPLES)
    .action(async ({ load, ...flags }: Record<string, unknown>) => {
      const { runDemo } = await import('./demo/main.ts');
      // commander's value of --no-load is true when the flag is not given; then a setting from the environment counts.
      const given = load === false ? { ...flags, load } : flags;
      process.exitCode = await runDemo({ flags: given, env: processEnvironment(), configFile: undefined });
    });
}
