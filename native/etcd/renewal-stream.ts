import type { IDuplexStream, ILeaseKeepAliveRequest, ILeaseKeepAliveResponse } from 'etcd3';
import type { Clock } from '../host/clock.ts';
import type { EtcdClient } from './client.ts';
import type { EtcdStreams } from './connections.ts';
import { EtcdError, toEtcdError } from './errors.ts';
import { leaseName } from './lease.ts';

const ANSWER_WITHIN_MS = 1_500;

type Stream = IDuplexStream<ILeaseKeepAliveRequest, ILeaseKeepAliveResponse>;

interface Question {
  readonly id: string;
  readonly answer: PromiseWithResolvers<number | undefined>;
}

/**
 * Renews a lease over one stream that stays open: to open one for each renewal takes an idle agent three times what the renewal
 * does. Opens it at the first renewal, and anew after whatever ended it, where the client then is.
 */
export class RenewalStream implements Disposable {
  readonly #client: EtcdClient;
  readonly #clock: Clock;
  #streams: EtcdStreams | undefined;
  #stream: Stream | undefined;
  #question: Question | undefined;

  constructor(client: EtcdClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /**
   * Sets a lease back to its full time, one renewal at a time. @returns the seconds it now has, `undefined` when it does not exist
   * any more. @throws {EtcdError}; the signal's reason.
   */
  async renew(id: bigint, signal: AbortSignal): Promise<number | undefined> {
    const at = { operation: 'keep alive', key: leaseName(id) };
    if (this.#streams?.outdated.aborted === true) this.#close();
    const streams = (this.#streams ??= await this.#client.openStreams(at, signal));
    try {
      return await this.#ask(streams, String(id), signal);
    } catch (cause) {
      // Where nobody answers, nobody would hear that it ends.
      this.#stream?.cancel();
      this.#close();
      signal.throwIfAborted();
      const error = toEtcdError(cause, { ...at, endpoint: streams.endpoint.url });
      throw await this.#client.streamFailed(streams.endpoint, error);
    }
  }

  [Symbol.dispose](): void {
    this.#close();
  }

  async #ask(streams: EtcdStreams, id: string, signal: AbortSignal): Promise<number | undefined> {
    const stream = (this.#stream ??= await this.#open(streams));
    const answer = Promise.withResolvers<number | undefined>();
    this.#question = { id, answer };
    stream.write({ ID: id });
    // Not ended by the answer: to abort takes longer than to let it run out.
    const late = this.#clock.sleep(ANSWER_WITHIN_MS, signal).then(() => {
      throw new EtcdError({
        operation: 'keep alive',
        code: 'DEADLINE_EXCEEDED',
        key: leaseName(BigInt(id)),
        endpoint: streams.endpoint.url,
        reason: 'no answer in time',
      });
    });
    try {
      return await Promise.race([answer.promise, late]);
    } finally {
      this.#question = undefined;
      late.catch(() => undefined); // comes after the answer
    }
  }

  async #open(streams: EtcdStreams): Promise<Stream> {
    const stream = await streams.etcd.leaseClient.leaseKeepAlive();
    const ended = (cause: Error): void => {
      // A new one may have taken its place.
      if (this.#stream !== stream) return;
      this.#question?.answer.reject(cause);
      this.#close();
    };
    stream.on('error', ended);
    stream.on('end', () => {
      ended(new RangeError('etcd ended the stream without an answer'));
    });
    stream.on('data', ({ ID, TTL }) => {
      if (this.#question?.id !== ID) return;
      this.#question.answer.resolve(Number(TTL) > 0 ? Number(TTL) : undefined);
    });
    return stream;
  }

  #close(): void {
    const stream = this.#stream;
    this.#stream = undefined;
    // Half-close: a cancel would reach etcd's log as an error.
    stream?.end();
    this.#streams?.[Symbol.dispose]();
    this.#streams = undefined;
  }
}
