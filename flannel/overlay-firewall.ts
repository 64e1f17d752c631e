import { Backoff } from '../native/host/backoff.ts';
import type { FlannelConfig } from './config.ts';
import { FirewallKeeper } from './firewall-keeper.ts';
import { takeFirewallPlace, type FirewallPlace } from './io/firewall-place.ts';
import { programsOf } from './io/programs.ts';
import { onStateFolder } from './io/state.ts';
import { firewallNames } from './model/firewall-names.ts';
import type { FirewallIntent } from './model/firewall.ts';
import type { NetworkConfig } from './model/network-config.ts';
import type { StartParts } from './start-parts.ts';
import type { FirewallStatus } from './status-wire.ts';
import type { FlannelStatus } from './status.ts';
import type { SubnetPair } from './wire.ts';

export interface OverlayFirewallParts extends Pick<StartParts, 'config' | 'clock' | 'random' | 'log'> {
  readonly network: NetworkConfig;
  readonly status: FlannelStatus;
}

const NO_PLACE = 'too many agents run in this network namespace: there is no name left for the rules of this one';
const PLACE_RETRY = { firstMs: 1_000, maxMs: 30_000 };

type Wish = Pick<FlannelConfig, 'ipMasq' | 'ipMasqFullyRandomDisable' | 'iptablesForwardRules'>;

function intentOf({ ipv4, ipv6 }: NetworkConfig, subnets: SubnetPair, wish: Wish): FirewallIntent {
  return {
    ipv4: ipv4 && subnets.ipv4 && { networks: [ipv4.network], subnet: subnets.ipv4 },
    ipv6: ipv6 && subnets.ipv6 && { networks: [ipv6.network], subnet: subnets.ipv6 },
    masquerade: wish.ipMasq,
    forward: wish.iptablesForwardRules,
    fullyRandom: !wish.ipMasqFullyRandomDisable,
  };
}

/** This host's firewall, kept as settings, network configuration and subnets want it. The rules stay when the agent stops. */
export class OverlayFirewall {
  readonly #parts: OverlayFirewallParts;
  #subnets: SubnetPair;
  #keeper: FirewallKeeper | undefined;

  constructor(parts: OverlayFirewallParts, subnets: SubnetPair) {
    this.#parts = parts;
    this.#subnets = subnets;
    parts.status.sources.firewall = () => this.#tell();
  }

  /** The rules follow other subnets at once. */
  move(subnets: SubnetPair): void {
    if (subnets === this.#subnets) return;
    this.#subnets = subnets;
    this.#keeper?.intend(this.#intent());
  }

  /** @throws {FatalError} if the state folder cannot be used; the signal's reason. */
  async run(signal: AbortSignal): Promise<never> {
    const { config, network, status, log } = this.#parts;
    await using place = await this.#takePlace(signal);
    this.#keeper = new FirewallKeeper(
      {
        ...this.#parts,
        choice: config.firewall,
        enableNftables: network.enableNftables,
        names: firewallNames(place.place),
        host: { run: programsOf(), procNet: '/proc/self/net' },
        resyncMs: config.iptablesResync * 1000,
        log: log.child({ module: 'firewall' }),
        report: {
          counters: status.counters,
          inPlace: () => {
            status.reached('firewallInPlace');
          },
          problem: (sentence) => {
            status.firewall(sentence);
          },
          conflicts: (sentences) => {
            status.conflicts('firewall', sentences);
          },
        },
      },
      this.#intent(),
    );
    if (!this.#keeper.view.wantsRules) status.reached('firewallInPlace'); // what an earlier run left goes without being awaited
    return await this.#keeper.run(signal);
  }

  #intent(): FirewallIntent {
    return intentOf(this.#parts.network, this.#subnets, this.#parts.config);
  }

  async #takePlace(signal: AbortSignal): Promise<FirewallPlace> {
    const { config, status, clock, random } = this.#parts;
    const backoff = new Backoff({ ...PLACE_RETRY, random });
    for (;;) {
      const place = await onStateFolder(takeFirewallPlace(config.stateDir));
      if (place !== undefined) return place;
      status.firewall(NO_PLACE);
      await clock.sleep(backoff.nextMs(), signal);
    }
  }

  #tell(): FirewallStatus {
    const view = this.#keeper?.view;
    const { facts, counters } = this.#parts.status;
    if (view === undefined) return { mode: 'none', inPlace: false, problem: facts.firewallProblem };
    const { chosen, wantsRules, isInPlace, lastChangedBy } = view;
    const told = { inPlace: isInPlace, problem: view.problem, repairs: counters.firewallRepairs, lastChangedBy };
    if (chosen === undefined || !wantsRules) return { mode: 'none', ...told };
    return { mode: chosen.firewall.mode, with: chosen.firewall.label, why: chosen.why, ...told };
  }
}
