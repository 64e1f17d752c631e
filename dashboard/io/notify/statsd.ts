import { createSocket } from 'node:dgram';
import type { Clock } from '../../../native/host/clock.ts';
import { serviceCheck } from '../../model/notify/service-check.ts';
import { outcomeOfError, type Channel, type OutboundMessage, type SendOutcome } from './channel.ts';
import { NoAnswer, pinWithin } from './guarded-http.ts';
import type { TargetPolicy } from './target-guard.ts';

export interface StatsdOptions {
  readonly id: string;
  readonly label: string;
  readonly sendResolved: boolean;
  readonly host: string;
  readonly port: number;
  readonly policy: TargetPolicy;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** How long the kernel is given to tell that nobody listens there. */
const REFUSAL_MS = 50;

async function sendChecks(
  options: StatsdOptions,
  { payload }: OutboundMessage,
  signal: AbortSignal,
): Promise<SendOutcome> {
  const pinned = await pinWithin(options.host, options, signal);
  const socket = createSocket(pinned.family === 6 ? 'udp6' : 'udp4');
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined); // looked at below, or not at all
  socket.on('error', (cause) => {
    reject(new NoAnswer(`cannot be reached: ${cause.message}`, { heard: false, cause }));
  });
  try {
    const connected = new Promise<void>((resolve) => {
      socket.connect(options.port, pinned.address, resolve);
    });
    await Promise.race([connected, failed]);
    for (const alert of payload.alerts) socket.send(serviceCheck(alert, options.clock.nowMs()));
    await Promise.race([options.clock.sleep(REFUSAL_MS, signal), failed]);
    return { kind: 'sent', status: 'udp', body: `${payload.alerts.length} checks, which nobody acknowledges` };
  } finally {
    socket.close();
  }
}

/** Service checks to a StatsD daemon that takes DogStatsD's, such as the Datadog agent or `weft statsd`. */
export function createStatsd(options: StatsdOptions): Channel {
  const { id, label, sendResolved } = options;
  return {
    id,
    kind: 'statsd',
    label,
    sendResolved,
    send: async (message, signal) => {
      try {
        return await sendChecks(options, message, signal);
      } catch (error) {
        signal.throwIfAborted();
        return outcomeOfError(error);
      }
    },
  };
}
