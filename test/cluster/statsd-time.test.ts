import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { statsAnswer } from '../support/docker-clients.ts';
import { goJson } from '../support/go-json.ts';
import { run } from '../support/netns.ts';
import { runcRoom } from '../support/runc.ts';
import { ShiftedClock } from '../support/shifted-clock.ts';
import { startStatsd } from '../support/statsd.ts';
import { until } from '../support/until.ts';

test.each([
  { name: 'an hour ahead', seconds: 3600 },
  { name: 'an hour back', seconds: -3600 },
])(
  'a wall clock that jumps $name: rates go on, what ended is kept as long as before',
  async ({ seconds }) => {
    await using stack = new AsyncDisposableStack();
    const clock = stack.use(new ShiftedClock());
    const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'weft-test-time-')), (path) => {
      rmSync(path, { recursive: true, force: true });
    });
    const socket = join(folder, 'docker.sock');
    const room = stack.use(runcRoom('time'));
    const flags = ['--cgroup-root', room.cgroupRoot, '--runc-root', room.root, '--runtime-socket', 'off'];
    const shifted = Object.entries(clock.env).map(([key, value]) => `${key}=${value}`);
    const keep = ['--keep-exited', '20s', '--docker-socket', socket];
    const statsd = stack.use(await startStatsd([...flags, ...keep], ['env', ...shifted]));
    const get = (path: string): string => run('curl', '--silent', '--unix-socket', socket, `http://x${path}`);
    const states = (): string[] =>
      (goJson(get('/containers/json?all=1')) as { Names: [string]; State: string }[]).map(
        ({ Names, State }) => `${Names[0]} ${State}`,
      );
    const cgroup = room.run('busy', { command: 'while :; do :; done' });
    room.run('done', { command: 'exit 0' });
    await until(() => states().includes('/done exited') && states().includes('/busy running'), {
      what: 'both are known',
    });
    const endedAtMs = performance.now();
    const share = (): number => {
      const { cpu_stats: now, precpu_stats: before } = statsAnswer.parse(
        goJson(get('/containers/busy/stats?stream=0')),
      );
      const used = Number(now.cpu_usage.total_usage - before.cpu_usage.total_usage);
      return (used / Number(now.system_cpu_usage - before.system_cpu_usage)) * Number(now.online_cpus);
    };
    await until(() => share() > 0, { what: 'a rate' });
    const used = (): Promise<number | undefined> => statsd.value('container_cpu_usage_seconds_total', cgroup);
    const usedBefore = (await used())!;

    clock.jump(seconds);
    const read = (): number => {
      const { read: at } = statsAnswer.parse(goJson(get('/containers/busy/stats?stream=0')));
      return Date.parse(at) - Date.now();
    };
    await until(() => Math.abs(read() - seconds * 1000) < 60_000, { what: 'readings of the new time' });
    // Of both sides of the jump, and of the seconds after it.
    for (const frame of [1, 2, 3]) {
      expect([frame, share() > 0 && share() < 1.1]).toEqual([frame, true]);
      const now = (await used())!;
      await until(async () => (await used())! > now, { what: 'it goes on' });
    }
    expect(await used()).toBeGreaterThan(usedBefore);
    if (performance.now() - endedAtMs < 15_000) expect(states()).toContain('/done exited');
    await until(() => !states().includes('/done exited'), { what: 'it is forgotten in time', timeoutMs: 30_000 });
    expect(performance.now() - endedAtMs).toBeGreaterThan(15_000);
    expect(states()).toEqual(['/busy running']);
  },
  90_000,
);
