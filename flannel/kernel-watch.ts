import { Backoff } from '../native/host/backoff.ts';
import type { Clock, RandomSource } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import type { NetlinkError } from '../native/netlink/errors.ts';
import { watchKernel, type KernelEventOptions, type KernelNews } from './io/kernel-events.ts';

export interface KernelWatchParts extends Pick<KernelEventOptions, 'filter' | 'onNews' | 'strangers'> {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

const RETRY = { firstMs: 200, maxMs: 30_000 };
const ANYTHING: KernelNews = { missing: [], isUnclear: true };

/** Listens to the kernel, again whenever the socket fails: then anything may have changed. @throws the signal's reason. */
export async function keepWatchingKernel(parts: KernelWatchParts, signal: AbortSignal): Promise<never> {
  const { filter, onNews, strangers, clock, log, random } = parts;
  const backoff = new Backoff({ ...RETRY, random });
  for (;;) {
    const { promise, resolve, reject } = Promise.withResolvers<NetlinkError>();
    const abort = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', abort, { once: true });
    try {
      using _watch = watchKernel({ filter, onNews, strangers, onFatal: resolve });
      log.warn({ err: await promise }, 'kernel events are lost; listening again');
    } finally {
      signal.removeEventListener('abort', abort);
    }
    strangers.change();
    onNews(ANYTHING);
    await clock.sleep(backoff.nextMs(), signal);
  }
}
