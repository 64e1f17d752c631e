import type { EtcdClient } from '../native/etcd/client.ts';
import type { EtcdError } from '../native/etcd/errors.ts';
import type { Clock, RandomSource } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import { watchStoredConfig, type StoredConfig } from './io/config-store.ts';
import { configView, redactedConfig } from './model/config-view.ts';
import type { Underlay } from './model/interface-choice.ts';
import { changeText, judgeConfig } from './model/live-config.ts';
import { NetworkConfigError, parseNetworkConfig, type NetworkConfig } from './model/network-config.ts';
import { checkAgainstHost } from './network-config-source.ts';
import type { ConfigStatus } from './status-wire.ts';
import type { FlannelStatus } from './status.ts';
import type { SubnetPair } from './wire.ts';

export interface ConfigFollowerParts {
  readonly client: EtcdClient;
  /** Of the configuration. */
  readonly key: string;
  readonly status: FlannelStatus;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  /** This host's. */
  readonly subnets: () => SubnetPair;
  readonly underlay: () => Underlay;
}

/** Keeps the network configuration as etcd has it, as far as a running agent can: what it cannot take over is told. */
export class ConfigFollower {
  readonly #parts: ConfigFollowerParts;
  #network: NetworkConfig;
  #stored: StoredConfig;
  #pending: readonly string[] = [];
  /** What is wrong with what is stored. */
  #fault: string | undefined;
  /** Why it is not followed; an outage of etcd is told elsewhere. */
  #denied: string | undefined;
  #onNetwork: ((network: NetworkConfig) => void) | undefined;

  /** @param first what the agent has begun with, and its text. */
  constructor(parts: ConfigFollowerParts, first: { readonly network: NetworkConfig; readonly text: string }) {
    this.#parts = parts;
    this.#network = first.network;
    this.#stored = { text: first.text, modRevision: 0n };
    parts.status.sources.config = () => this.#tell();
  }

  /** What the agent runs with. */
  get network(): NetworkConfig {
    return this.#network;
  }

  /** One listener, called for every change that was taken over. */
  listen(onNetwork: (network: NetworkConfig) => void): void {
    this.#onNetwork = onNetwork;
  }

  /** @throws the signal's reason. */
  async run(signal: AbortSignal): Promise<never> {
    const onConfig = (stored: StoredConfig): void => {
      if (stored.modRevision === this.#stored.modRevision && stored.text === this.#stored.text) return;
      this.#stored = stored;
      this.#take(stored);
    };
    const onState = (fault: EtcdError | undefined): void => {
      this.#denied = fault?.code === 'PERMISSION_DENIED' ? fault.message : undefined;
      this.#report();
    };
    return watchStoredConfig({ ...this.#parts, onConfig, onState }, signal);
  }

  #take({ text }: StoredConfig): void {
    const { status } = this.#parts;
    this.#fault = text === undefined ? 'it was deleted' : this.#apply(text);
    status.levels.configUnusable = this.#fault === undefined ? 0 : 1;
    status.levels.configPending = this.#pending.length;
    this.#report();
  }

  #report(): void {
    const { key, status } = this.#parts;
    const goesOn = 'the agent goes on with the configuration that it has';
    if (this.#denied !== undefined) {
      status.storedConfig(`${this.#denied}; ${goesOn}`);
    } else if (this.#fault !== undefined) {
      status.storedConfig(`${key}: ${this.#fault}; ${goesOn}`);
    } else {
      const waiting = this.#pending.join(', ');
      status.storedConfig(waiting === '' ? undefined : `${key} waits for a restart of this agent: ${waiting}`);
    }
  }

  /** @returns what is wrong with the text; nothing is changed then. */
  #apply(text: string): string | undefined {
    const { subnets, underlay, log } = this.#parts;
    try {
      const stored = parseNetworkConfig(text);
      const live = judgeConfig({ running: this.#network, stored, subnets: subnets() });
      checkAgainstHost(underlay(), live.network);
      this.#pending = live.pending.map(changeText);
      if (live.applied.length === 0) return undefined;
      this.#network = live.network;
      log.info({ changes: live.applied.map(changeText) }, 'the network config changed and is applied');
      this.#onNetwork?.(live.network);
      return undefined;
    } catch (error) {
      if (!(error instanceof NetworkConfigError)) throw error;
      return error.message;
    }
  }

  #tell(): ConfigStatus {
    const { text, modRevision } = this.#stored;
    return {
      key: this.#parts.key,
      revision: modRevision === 0n ? undefined : String(modRevision),
      text: text === undefined ? undefined : redactedConfig(text),
      parsed: configView(this.#network),
      pendingRestart: [...this.#pending],
    };
  }
}
