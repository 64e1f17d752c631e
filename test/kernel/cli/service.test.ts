import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { processIdentity, stillRuns } from '../../../cli/demo/process-identity.ts';
import { Service, withoutSettings, type ServiceSpec } from '../../../cli/demo/service.ts';
import { Backoff } from '../../../native/host/backoff.ts';
import { systemClock, systemRandom } from '../../../native/host/clock.ts';
import { until } from '../../support/until.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-test-service-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

interface Running extends AsyncDisposable {
  readonly service: Service;
  readonly told: string[];
}

/** A service that is ready as soon as it runs, with retries as fast as tests want them. */
function runService(spec: Pick<ServiceSpec, 'argv'> & Partial<ServiceSpec>): Running {
  const told: string[] = [];
  const stop = new AbortController();
  const service = new Service(
    { name: 'trial', logFile: join(folder, 'log'), ready: () => Promise.resolve(true), ...spec },
    {
      clock: systemClock,
      env: withoutSettings({ ...process.env, FLANNELD_ETCD_PREFIX: '/x', ETCD_NAME: 'y', WEFT_DEMO_HOSTS: '9' }),
      backoff: new Backoff({ firstMs: 10, maxMs: 50, random: systemRandom }),
      onDown: (_, how) => told.push(`down: ${how}`),
      onBack: () => told.push('back'),
    },
  );
  const ended = service.run(stop.signal);
  return {
    service,
    told,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await ended;
    },
  };
}

test('a killed program is started again, and both are told', async () => {
  await using running = runService({ argv: ['sleep', '1000'] });
  await running.service.firstReady;
  const { pid } = running.service;
  process.kill(pid!, 'SIGKILL');
  await until(() => running.told.includes('back'), { what: 'it is back' });
  expect(running.told).toEqual(['down: SIGKILL', 'back']);
  expect(running.service.pid).not.toBe(pid);
});

test('a program that never gets ready is given up after three starts, with the end of its log', async () => {
  await using running = runService({
    argv: ['sh', '-c', 'echo "the disk is full" >&2; exit 7'],
    ready: (signal) => systemClock.sleep(60_000, signal).then(() => true),
  });
  await expect(running.service.firstReady).rejects.toThrow(
    /^trial does not start \(exit code 7\):\n(?:the disk is full\n?)+$/,
  );
});

test('a program that is not there is given up too', async () => {
  await using running = runService({
    argv: ['/nowhere/at/all'],
    ready: (signal) => systemClock.sleep(60_000, signal).then(() => true),
  });
  await expect(running.service.firstReady).rejects.toThrow(/^trial does not start/);
});

test('the end is SIGTERM, and SIGKILL for who does not listen', async () => {
  const running = runService({ argv: ['sh', '-c', 'trap "" TERM; echo set; while :; do sleep 0.05; done'] });
  await running.service.firstReady;
  await until(() => readFileSync(join(folder, 'log'), 'utf8').includes('set'), { what: 'the trap is set' });
  const identity = await processIdentity(running.service.pid!);
  await running[Symbol.asyncDispose]();
  expect(await stillRuns(identity!)).toBe(false);
  expect(running.told).toEqual([]);
});

test("settings of the person's own agents and etcd do not reach it; the log grows and is begun anew when it is too large", async () => {
  writeFileSync(join(folder, 'log'), 'x'.repeat(5 * 1024 * 1024));
  await using running = runService({ argv: ['sh', '-c', 'env; exec sleep 1000'] });
  await running.service.firstReady;
  const text = await until(
    () => {
      const log = readFileSync(join(folder, 'log'), 'utf8');
      return log.includes('PATH=') && log;
    },
    { what: 'its environment in the log' },
  );
  expect(text).not.toMatch(/FLANNELD_|ETCD_|WEFT_/);
  expect(text.length).toBeLessThan(1024 * 1024);
});
