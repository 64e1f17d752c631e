import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../native/host/package-root.ts';
import { startDockerd } from '../support/docker.ts';
import { makeNamespace } from '../support/netns.ts';
import { runcRoom } from '../support/runc.ts';
import { getJson } from '../support/unix-http.ts';
import { until } from '../support/until.ts';

interface Told {
  readonly name: string;
  readonly runtime: string;
  readonly image?: string;
  readonly startedAtUnixMs?: number;
  readonly values: Readonly<Record<string, number>>;
}

test('the agent in a docker container of its own, which has the host’s files below /host and can write to none', async () => {
  await using stack = new AsyncDisposableStack();
  const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'weft-test-contained-')), (path) => {
    rmSync(path, { recursive: true, force: true });
  });
  const namespace = stack.use(await makeNamespace());
  const noNetwork = ['--bridge=none', '--iptables=false', '--ip6tables=false'];
  const engine = stack.use(await startDockerd(namespace.name, noNetwork));
  const room = stack.use(runcRoom('contained'));
  const before = Date.now();
  engine.start(['/bin/sh', '-c', 'exec sleep 3600'], ['--name=web', '--network=none']);
  room.run('r1', { annotations: { 'org.weft.container.name': 'job' } });
  const after = Date.now();
  const root = packageRoot();
  const readOnly = ['/usr', '/lib', '/lib64', root].map((path) => `--volume=${path}:${path}:ro`);
  const paths = [
    ...['--host-root', '/host', '--proc-root', '/host/proc', '--sysfs', '/host/sys'],
    ...['--cgroup-mount', '/host/sys/fs/cgroup', '--cgroup-root', '/weft-test', '--runc-root', room.root],
    ...['--docker-root', join(engine.folder, 'data'), '--state-dir', '/state', '--docker-socket', '/out/docker.sock'],
  ];
  const kept = [engine.cgroup, room.cgroupRoot].flatMap((cgroup) => ['--include', `cgroup=${cgroup}/*`]);
  const agent = engine.start(
    [
      '/bin/sh',
      '-c',
      `exec ${root}/cli/weft statsd --listen off --runtime-socket off ${[...paths, ...kept].join(' ')}`,
    ],
    [
      ...['--name=agent', '--pid=host', '--network=host', '--env=PATH=/usr/bin:/bin', '--read-only', '--cap-drop=ALL'],
      ...['--cap-add=SYS_PTRACE', '--cap-add=DAC_READ_SEARCH', '--cap-add=DAC_OVERRIDE', '--tmpfs=/state'],
      ...['--security-opt=no-new-privileges', '--volume=/:/host:ro', `--volume=${folder}:/out`, ...readOnly],
    ],
  );
  let told: readonly Told[] = [];
  await until(
    async () => {
      ({ containers: told } = (await getJson(join(folder, 'docker.sock'), '/api/v1/containers')) as {
        containers: Told[];
      });
      const isRead = told.every(({ values }) => values['memoryUsageBytes'] !== undefined);
      return (
        isRead &&
        ['agent', 'job', 'web'].join() ===
          told
            .map(({ name }) => name)
            .toSorted()
            .join()
      );
    },
    { what: 'all three by their names', timeoutMs: 20_000 },
  ).catch((error: unknown) => {
    throw new RangeError(`told ${JSON.stringify(told.map(({ name }) => name))}\n${engine.client('logs', agent.id)}`, {
      cause: error,
    });
  });
  const [, job, web] = told.toSorted((a, b) => a.name.localeCompare(b.name));
  expect(job).toMatchObject({ runtime: 'runc', values: { pidsCurrent: 1 } });
  expect(web).toMatchObject({ runtime: 'docker', image: 'weft-busybox', values: { pidsCurrent: 1 } });
  for (const { startedAtUnixMs } of [job!, web!]) {
    expect(startedAtUnixMs).toBeGreaterThanOrEqual(before - 1000);
    expect(startedAtUnixMs).toBeLessThanOrEqual(after);
  }
}, 90_000);
