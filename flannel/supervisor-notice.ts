import { Backoff } from '../native/host/backoff.ts';
import type { Clock, RandomSource } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import { notifySupervisor } from '../native/host/supervisor.ts';
import { Waker } from '../native/host/waker.ts';

export interface SupervisorNoticeParts {
  /** systemd's NOTIFY_SOCKET. */
  readonly path: string;
  /** Settles when containers may start. */
  readonly ready: Promise<void>;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

/** Says READY=1 once, where flanneld says it: a unit of Type=notify is ended without, and docker starts behind it. @throws the signal's reason. */
export async function tellSupervisor(parts: SupervisorNoticeParts, signal: AbortSignal): Promise<never> {
  const { path, ready, clock, random, log } = parts;
  const waker = new Waker();
  void ready.then(() => {
    waker.wake();
  });
  await waker.next(signal);
  const backoff = new Backoff({ firstMs: 100, maxMs: 30_000, random });
  for (let isTold = false, isLogged = false; !isTold;) {
    try {
      notifySupervisor(path, 'READY=1');
      isTold = true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!isLogged) log.warn({ path, reason }, 'the supervisor cannot be told that this host is ready; tried again');
      isLogged = true;
      await clock.sleep(backoff.nextMs(), signal);
    }
  }
  for (;;) await waker.next(signal);
}
