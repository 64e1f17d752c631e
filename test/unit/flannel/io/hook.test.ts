import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EventHook, requireHook } from '../../../../flannel/io/hook.ts';
import { hookEnvironment } from '../../../../flannel/model/hook-environment.ts';
import { systemClock } from '../../../../native/host/clock.ts';
import { until } from '../../../support/until.ts';
import { pairOf } from '../builders.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-test-hook-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface Line {
  readonly msg: string;
  readonly event?: string;
  readonly fault?: string;
  readonly output?: string;
}

interface Running extends AsyncDisposable {
  readonly hook: EventHook;
  readonly lines: Line[];
}

async function script(text: string, mode = 0o755): Promise<string> {
  const path = join(folder, 'hook');
  await writeFile(path, `#!/bin/sh\n${text}\n`, { mode });
  return path;
}

function running(path: string, timeoutMs?: number): Running {
  const lines: Line[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(JSON.parse(chunk.toString()) as Line);
      done();
    },
  });
  const hook = new EventHook({ path, clock: systemClock, log: pino({}, sink), timeoutMs });
  const stop = new AbortController();
  const run = hook.run(stop.signal).catch(() => undefined);
  return {
    hook,
    lines,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await run;
    },
  };
}

const untilTold = (lines: readonly Line[], count: number): Promise<true> =>
  until(() => lines.length >= count, { what: `${count} log lines` });

const call = (event: string): Record<string, string> => ({ PATH: '/usr/bin:/bin', WEFT_EVENT: event });

describe('a hook', () => {
  test('gets the event in its environment and nothing else, and its output goes to the log', async () => {
    const path = await script('env | sort; echo "and an error" >&2; pwd > /dev/null');
    await using it = running(path);
    const event = {
      kind: 'subnet-changed',
      subnets: pairOf('10.5.2.0/24&fc00:5:0:2::/64'),
      previous: pairOf('10.5.1.0/24'),
      because: 'it is held by node b at 192.168.0.2',
    } as const;
    it.hook.call(hookEnvironment(event, '/run/flannel/subnet.env'));
    await untilTold(it.lines, 1);
    const [line] = it.lines;
    expect(line).toMatchObject({ msg: 'hook was called', event: 'subnet-changed' });
    const said = line!.output!.split('\n').filter((text) => !/^(PWD|SHLVL|_|OLDPWD)=/.test(text));
    expect(said.sort()).toEqual([
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'WEFT_EVENT=subnet-changed',
      'WEFT_IPV6_SUBNET=fc00:5:0:2::/64',
      'WEFT_PREVIOUS_SUBNET=10.5.1.0/24',
      'WEFT_REASON=it is held by node b at 192.168.0.2',
      'WEFT_SUBNET=10.5.2.0/24',
      'WEFT_SUBNET_FILE=/run/flannel/subnet.env',
      'and an error',
    ]);
  });

  test.each([
    { name: 'that fails', text: 'echo no; exit 3', want: { msg: 'hook failed', fault: 'exit code 3', output: 'no' } },
    { name: 'that is killed', text: 'kill -9 $$', want: { msg: 'hook failed', fault: 'SIGKILL' } },
    {
      name: 'that takes too long, with its children',
      text: 'echo start; sleep 600 & wait',
      want: { msg: 'hook failed', fault: 'no end within 0.5 s', output: 'start' },
    },
    {
      name: 'whose child keeps the output open',
      text: 'sleep 600 & echo $! > "$(dirname "$0")/pid"; echo done',
      want: { msg: 'hook was called', output: 'done' },
    },
  ])('$name is told', async ({ text, want }) => {
    await using it = running(await script(text), 500);
    it.hook.call(call('lease-lost'));
    await untilTold(it.lines, 1);
    expect(it.lines[0]).toMatchObject({ ...want, event: 'lease-lost' });
    const pid = await readFile(join(folder, 'pid'), 'utf8').catch(() => undefined);
    if (pid !== undefined) process.kill(Number(pid), 'SIGKILL');
  });

  test('that is gone is told', async () => {
    await using it = running(join(folder, 'none'));
    it.hook.call(call('lease-lost'));
    await untilTold(it.lines, 1);
    expect(it.lines[0]).toMatchObject({ msg: 'hook failed', fault: expect.stringContaining('ENOENT') as string });
  });

  test('that says much is cut', async () => {
    await using it = running(await script('head -c 100000 /dev/zero | tr "\\0" x'));
    it.hook.call(call('lease-lost'));
    await untilTold(it.lines, 1);
    expect(it.lines[0]?.output).toMatch(/^x{4096} … \(100000 bytes\)$/);
  });

  test('is called one event after the other, and a flood is dropped from its front', async () => {
    const file = join(folder, 'calls');
    const path = await script(`echo "$WEFT_EVENT" >> ${file}`);
    await using it = running(path);
    for (let number = 0; number < 20; number++) it.hook.call(call(`e${number}`));
    await untilTold(it.lines, 4 + 16);
    expect((await readFile(file, 'utf8')).trim().split('\n')).toEqual(
      Array.from({ length: 16 }, (_, index) => `e${index + 4}`),
    );
    expect(it.lines.filter(({ msg }) => msg.includes('dropped')).map(({ event }) => event)).toEqual([
      'e0',
      'e1',
      'e2',
      'e3',
    ]);
  });

  test('ends with the agent', async () => {
    const file = join(folder, 'pid');
    const path = await script(`echo $$ > ${file}; sleep 600`);
    const it = running(path);
    it.hook.call(call('lease-lost'));
    const pid = await until(async () => Number(await readFile(file, 'utf8')), { what: 'the hook runs' });
    await it[Symbol.asyncDispose]();
    const isAlive = (): boolean => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    await until(() => !isAlive(), { what: 'the hook has ended' });
  });
});

test.each([
  { name: 'no hook', mode: undefined, fails: false },
  { name: 'a program', mode: 0o755, fails: false },
  { name: 'a file that may not be run', mode: 0o644, fails: true },
])('at the start: $name', async ({ mode, fails }) => {
  const path = mode === undefined ? undefined : await script('true', mode);
  const checked = requireHook(path);
  if (fails) await expect(checked).rejects.toThrow(`hook: ${String(path)} is not an executable file`);
  else await expect(checked).resolves.toBeUndefined();
});

test('at the start: a folder is no program', async () => {
  await expect(requireHook(folder)).rejects.toMatchObject({ exitCode: 2 });
});
