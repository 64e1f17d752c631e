import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { WEFT } from '../../support/processes.ts';
import { run } from '../../support/netns.ts';
import { runcRoom } from '../../support/runc.ts';
import { startStatsd } from '../../support/statsd.ts';
import { until } from '../../support/until.ts';

const ENTER = '\u001b[?1049h';
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l';

interface TerminalProgram extends Disposable {
  /** Gives the terminal another size, as a window does. */
  readonly resize: (columns: number, rows: number) => void;
  readonly write: (keys: string) => void;
  readonly shown: () => string;
  readonly ended: Promise<number | null>;
}

/** `weft top` on a terminal of its own, of 130 columns and 40 rows. */
function onTerminal(url: string, term = 'xterm'): TerminalProgram {
  const command = `stty cols 130 rows 40; tty; exec ${WEFT} top --url ${url}`;
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, TERM: term },
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const { promise: ended, resolve } = Promise.withResolvers<number | null>();
  child.once('close', resolve);
  return {
    write: (keys) => child.stdin.write(keys),
    shown: () => output,
    resize: (columns, rows) => {
      const [, tty = ''] = /^(\/dev\/\S+)/.exec(output) ?? [];
      run('stty', '-F', tty, 'cols', String(columns), 'rows', String(rows));
    },
    ended,
    [Symbol.dispose]: () => child.kill('SIGKILL'),
  };
}

test('weft top: live on a terminal, which it gives back; a table and JSON without one', async () => {
  await using room = runcRoom('top');
  room.run('web', { annotations: { 'org.weft.container.name': 'shop' } });
  room.run('db');
  await using statsd = await startStatsd(['--cgroup-root', room.cgroupRoot, '--runc-root', room.root]);
  const url = `http://${statsd.listen}`;
  await until(async () => (await statsd.metrics()).includes('weft_statsd_containers 2'), { what: 'both are seen' });

  const once = (): string => run(WEFT, 'top', '--once', '--url', url);
  expect(once()).toMatch(/^NAME +RUNTIME/);
  // The share of a CPU takes two readings.
  await until(() => /^shop +runc +up +[\d.]+/m.test(once()), { what: 'a row with numbers' });
  const document = JSON.parse(run(WEFT, 'top', '--json', '--url', url)) as { containers: { name: string }[] };
  expect(document.containers.map(({ name }) => name).toSorted()).toEqual(['db', 'shop']);

  using top = onTerminal(url);
  await until(() => /db +runc/.test(top.shown()) && /shop +runc/.test(top.shown()), { what: 'both rows' });
  expect(top.shown()).toContain(ENTER);
  const lastPicture = (): string[] => top.shown().split('\u001b[H').at(-1)!.split(/\r+\n/);
  top.resize(60, 8);
  await until(
    () =>
      lastPicture().length === 8 && lastPicture().every((line) => line.replaceAll(/\u001b\[\d*m/g, '').length === 60),
    {
      what: 'a picture of the new size',
    },
  );
  top.resize(130, 40);
  await until(() => lastPicture().length === 40, { what: 'a picture of the old size' });
  top.write('n');
  await until(() => lastPicture()[1]!.includes('▾NET IN'), { what: 'sorted by another column' });
  top.write('/sho\r\r');
  await until(() => /cgroup +\/weft-test[^ ]*\/web/.test(top.shown()), { what: 'what is known of one' });
  await until(() => /processes +1[\s\S]*process \d+ +sleep · S · /.test(top.shown()), { what: 'its processes' });
  top.write('q');
  expect(await top.ended).toBe(0);
  expect(top.shown().trimEnd().endsWith(LEAVE)).toBe(true);
});

test('weft top on a terminal that can do nothing prints the table once', async () => {
  await using room = runcRoom('top-dumb');
  room.run('web');
  await using statsd = await startStatsd(['--cgroup-root', room.cgroupRoot, '--runc-root', room.root]);
  await until(async () => (await statsd.metrics()).includes('weft_statsd_containers 1'), { what: 'it is seen' });
  using top = onTerminal(`http://${statsd.listen}`, 'dumb');
  expect(await top.ended).toBe(0);
  expect(top.shown()).toMatch(/^NAME +RUNTIME.*\r\nweb +runc +up/m);
  expect(top.shown()).not.toContain('\u001b');
});

test('weft top without an agent says so in one sentence', async () => {
  const child = spawn(WEFT, ['top', '--url', 'http://127.0.0.1:1'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (complaint += chunk));
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.once('close', resolve);
  expect(await promise).toBe(1);
  expect(complaint).toBe('weft top: the agent at http://127.0.0.1:1 does not answer: nobody listens there\n');
});
