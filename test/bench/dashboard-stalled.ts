import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openBrowser, type TestBrowser, type TestDashboard } from '../cluster/dashboard-fixture.ts';

const STALLED = 10;
/** `WEFT_BENCH_STALLED_MINUTES=10` for what only shows after a while. */
const MINUTES = Number(process.env['WEFT_BENCH_STALLED_MINUTES'] ?? '0.75');
/** Then others come in their place, as people do who open the page again. */
const STALL_SECONDS = 15;

/** What a process has in memory. */
export function rssMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

export interface StalledRun {
  readonly minutes: number;
  readonly beforeMiB: number;
  readonly afterMiB: number;
}

/** Browsers that read nothing any more, and new ones in their place when the server ended them. */
export async function runStalled(dashboard: TestDashboard, cookie: string): Promise<StalledRun> {
  const { pid } = dashboard.process();
  const beforeMiB = rssMiB(pid);
  let afterMiB = beforeMiB;
  const rounds = Math.ceil((MINUTES * 60) / STALL_SECONDS);
  for (let round = 0; round < rounds; round += 1) {
    await using stack = new AsyncDisposableStack();
    for (let number = 0; number < STALLED; number += 1) {
      const { socket } = stack.use(await openBrowser(dashboard, { cookie, origin: dashboard.url }));
      socket.emit('subscribe', { view: 'containers' });
      await once(socket, 'frame');
      (socket.io.engine.transport as unknown as { ws: { pause(): void } }).ws.pause();
    }
    await sleep(STALL_SECONDS * 1000);
    afterMiB = Math.max(afterMiB, rssMiB(pid));
  }
  return { minutes: MINUTES, beforeMiB, afterMiB };
}

async function once(socket: TestBrowser['socket'], event: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  socket.once(event, () => {
    resolve(undefined);
  });
  await promise;
}
