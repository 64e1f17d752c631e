import type { SubnetPair } from './wire.ts';

/** Thrown into what was built on the former subnets. */
class SubnetsChanged extends Error {
  override readonly name = 'SubnetsChanged';
}

/** Runs what is built on this host's subnets, and builds it anew whenever they are others. */
export class SubnetChanges {
  #stop = new AbortController();
  #latest: SubnetPair | undefined;

  /** The subnets are others from now on. */
  change(subnets: SubnetPair): void {
    this.#latest = subnets;
    this.#stop.abort(new SubnetsChanged('the subnets of this host changed'));
  }

  /** Ends only by the signal, or with what `build` throws of its own. @throws the signal's reason. */
  async run(
    first: SubnetPair,
    build: (subnets: SubnetPair, signal: AbortSignal) => Promise<never>,
    signal: AbortSignal,
  ): Promise<never> {
    this.#latest ??= first;
    for (;;) {
      const subnets = this.#latest;
      this.#stop = new AbortController();
      try {
        await build(subnets, AbortSignal.any([signal, this.#stop.signal]));
      } catch (error) {
        signal.throwIfAborted();
        if (!this.#stop.signal.aborted || error !== this.#stop.signal.reason) throw error;
      }
    }
  }
}
