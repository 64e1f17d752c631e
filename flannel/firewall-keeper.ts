import { Backoff } from '../native/host/backoff.ts';
import type { Clock, RandomSource } from '../native/host/clock.ts';
import { Waker } from '../native/host/waker.ts';
import { NetlinkError } from '../native/netlink/errors.ts';
import { NETLINK } from '../native/netlink/message.ts';
import type { Netns } from '../native/netlink/netns.ts';
import { openNetlink, type NetlinkSocket } from '../native/netlink/socket.ts';
import type { FirewallReport, FirewallView } from './firewall-report.ts';
import {
  FirewallUnavailable,
  openFirewall,
  removeLeftovers,
  type ChosenFirewall,
  type FirewallSettings,
  type OpenFirewall,
} from './firewall-start.ts';
import { readForwardChains } from './io/forward-neighbours.ts';
import { ProgramError } from './io/programs.ts';
import { readGeneration, watchRuleset, type RulesetChange } from './io/ruleset-events.ts';
import { NftListingError } from './model/firewall-nft.ts';
import { desiredFirewall, wantsRules, type FirewallIntent } from './model/firewall.ts';
import { forwardObstacles } from './model/forward-obstacle.ts';
import { RulesetAgenda } from './model/ruleset-agenda.ts';
import { together } from './together.ts';

export interface FirewallKeeperParts extends FirewallSettings {
  /** `--iptables-resync`: how often iptables-legacy, which tells of no change, is looked at. */
  readonly resyncMs: number;
  /** The namespace of the host's programs. */
  readonly netns?: Netns | undefined;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly report: FirewallReport;
}

/**
 * The generation is asked for this often, should an event have been lost; no program runs for it. Where iptables-legacy is
 * used others' forward chains are read this often instead.
 */
const SAFETY_MS = 60_000;
/** Others write thousands of rules in many transactions: one look for all of them. */
const PAUSE_MS = 100;
/** Where others change these tables all the time, looks take at most a third of it: some hosts have ten thousand rules. */
const PAUSE_PER_LOOK = 2;
const MAX_PAUSE_MS = 5_000;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 30_000;
/** Set, read again, set again: more is a quarrel, and waits. */
const ATTEMPTS = 3;
/** So many repairs in a minute are somebody else's rules, not an accident. */
const QUARREL_REPAIRS = 5;
const QUARREL_WINDOW_MS = 60_000;
const QUARREL_PAUSE_MS = 10_000;

class RulesDoNotStay extends Error {
  override readonly name = 'RulesDoNotStay';
}

function isExpected(error: unknown): error is Error {
  const kinds = [ProgramError, NetlinkError, NftListingError, FirewallUnavailable, RulesDoNotStay];
  return kinds.some((kind) => error instanceof kind);
}

/** Keeps the rules in the kernel's firewall as they are wanted. They stay when it stops. */
export class FirewallKeeper {
  readonly #parts: FirewallKeeperParts;
  readonly #waker = new Waker();
  readonly #agenda = new RulesetAgenda();
  #intent: FirewallIntent;
  /** For which the rules were last found right. */
  #metIntent: FirewallIntent | undefined;
  #chosen: ChosenFirewall | undefined;
  #problem: string | undefined;
  #toldChoice: string | undefined;
  #repairTimes: number[] = [];
  #lastChangedBy: string | undefined;
  #obstacles: readonly string[] = [];

  constructor(parts: FirewallKeeperParts, intent: FirewallIntent) {
    this.#parts = parts;
    this.#intent = intent;
  }

  get view(): FirewallView {
    return {
      chosen: this.#chosen,
      wantsRules: this.#wantsAny(),
      isInPlace: this.#metIntent === this.#intent && this.#problem === undefined,
      problem: this.#problem,
      lastChangedBy: this.#lastChangedBy,
    };
  }

  /** Takes another wish, such as another subnet; it is met by the next pass. */
  intend(intent: FirewallIntent): void {
    this.#intent = intent;
    this.#agenda.everything();
    this.#waker.wake();
  }

  /** @throws the signal's reason; what is no failure of a program or of netlink. */
  async run(signal: AbortSignal): Promise<never> {
    const { clock, random, report } = this.#parts;
    const backoff = new Backoff({ firstMs: RETRY_FIRST_MS, maxMs: RETRY_MAX_MS, random });
    for (;;) {
      try {
        const open = await openFirewall(this.#parts, this.#intent, signal);
        this.#chosen = open;
        this.#tellChoice(open);
        await this.#keep(open, backoff, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!isExpected(error)) throw error;
        if (error instanceof FirewallUnavailable && !this.#wantsAny()) {
          this.#met(this.#intent); // nothing to set, and nothing to set it with
          await this.#waker.next(signal);
          continue;
        }
        report.counters.firewallFailures += 1;
        this.#tellProblem(error.message);
        await clock.sleep(backoff.nextMs(), signal);
      }
    }
  }

  #tellChoice({ firewall, why, fullyRandom }: ChosenFirewall): void {
    const choice = `${firewall.label}, for ${why}`;
    if (choice === this.#toldChoice) return;
    this.#toldChoice = choice;
    this.#parts.log.info({ mode: firewall.mode, with: firewall.label, why, fullyRandom }, 'firewall chosen');
  }

  #tellProblem(sentence: string | undefined): void {
    this.#problem = sentence;
    this.#parts.report.problem(sentence);
  }

  #wantsAny(): boolean {
    return wantsRules(desiredFirewall(this.#intent));
  }

  async #keep(open: OpenFirewall, backoff: Backoff, signal: AbortSignal): Promise<never> {
    const { resyncMs, netns, clock } = this.#parts;
    const { raisesGeneration, tables } = open.firewall;
    this.#agenda.follow(tables);
    await using socket = openNetlink({ protocol: NETLINK.NETFILTER, netns });
    using _watch = this.#watch(raisesGeneration);
    const generation = (s: AbortSignal): Promise<number> => generationOf(socket, raisesGeneration, s);
    const look = async (s: AbortSignal): Promise<never> => {
      await this.#settleOwn(open, generation, s);
      await removeLeftovers(this.#parts, open, s);
      for (;;) {
        const startedMs = clock.monotonicMs();
        await this.#pass(open, generation, s);
        backoff.reset();
        const tookMs = clock.monotonicMs() - startedMs;
        const pauseMs = Math.max(PAUSE_MS, Math.min(tookMs * PAUSE_PER_LOOK, MAX_PAUSE_MS));
        await clock.sleep(this.#isQuarrel() ? QUARREL_PAUSE_MS : pauseMs, s);
        await this.#waker.next(s);
      }
    };
    const safety = async (s: AbortSignal): Promise<never> => {
      for (;;) {
        await clock.sleep(SAFETY_MS, s);
        if (!raisesGeneration) this.#agenda.forward.anyway();
        else if (!this.#agenda.missed(await generation(s))) continue;
        this.#waker.wake();
      }
    };
    const tick = async (s: AbortSignal): Promise<never> => {
      for (;;) {
        await clock.sleep(resyncMs, s);
        this.#agenda.own.anyway();
        this.#waker.wake();
      }
    };
    return await together([look, safety, ...(raisesGeneration ? [] : [tick])], signal);
  }

  #watch(isNeeded: boolean): Disposable | undefined {
    try {
      return watchRuleset(this.#parts.netns, {
        onChange: (change) => {
          this.#onChange(change);
        },
        onOverrun: () => {
          this.#agenda.everything();
          this.#waker.wake();
        },
        onFatal: (err) => {
          this.#parts.log.error({ err }, 'no more news of the ruleset: it is asked for each minute');
        },
      });
    } catch (error) {
      if (isNeeded || !(error instanceof NetlinkError)) throw error;
      return undefined;
    }
  }

  #onChange(change: RulesetChange): void {
    if (!this.#agenda.take(change)) return;
    this.#lastChangedBy = change.processName;
    this.#waker.wake();
  }

  async #pass(open: OpenFirewall, generation: ReadNumber, signal: AbortSignal): Promise<void> {
    if (this.#agenda.own.isDue) await this.#settleOwn(open, generation, signal);
    if (this.#agenda.forward.isDue) await this.#lookAround(generation, signal);
    this.#tellConflicts();
  }

  /** Read, set, read again, until it is as wanted. */
  async #settleOwn(
    { firewall, fullyRandom }: OpenFirewall,
    generation: ReadNumber,
    signal: AbortSignal,
  ): Promise<void> {
    const { report, host } = this.#parts;
    const intent = this.#intent;
    const desired = desiredFirewall({ ...intent, fullyRandom });
    const wasMet = this.#metIntent === intent;
    this.#agenda.own.begin();
    for (let attempt = 0; ; attempt += 1) {
      const before = await generation(signal);
      const { differences, repairs } = await firewall.inspect(desired, signal);
      report.counters.firewallChecks += 1;
      if (differences.length === 0) {
        this.#agenda.ownSettled(before);
        this.#met(intent);
        return;
      }
      if (attempt === ATTEMPTS)
        throw new RulesDoNotStay(`the rules do not stay as they were set: ${differences.join(', ')}`);
      for (const repair of repairs) await host.run(repair, signal);
      this.#agenda.forward.anyway(); // our jump may be what lets packets through a policy to drop
      if (wasMet) this.#countRepair(differences);
    }
  }

  #countRepair(found: readonly string[]): void {
    const { report, clock, log } = this.#parts;
    report.counters.firewallRepairs += 1;
    this.#repairTimes.push(clock.monotonicMs());
    log.warn({ found, changedBy: this.#lastChangedBy }, 'firewall rules repaired');
  }

  async #lookAround(generation: ReadNumber, signal: AbortSignal): Promise<void> {
    const { host, names } = this.#parts;
    this.#agenda.forward.begin();
    const before = await generation(signal);
    const chains = await readForwardChains(host, names, signal);
    this.#agenda.forwardSettled(before, new Set(chains.map(({ family, table }) => `${family} ${table}`)));
    const { ipv4, ipv6 } = this.#intent;
    this.#obstacles = forwardObstacles(chains, [...(ipv4?.networks ?? []), ...(ipv6?.networks ?? [])]);
  }

  #met(intent: FirewallIntent): void {
    this.#metIntent = intent;
    this.#tellProblem(undefined);
    this.#parts.report.inPlace();
  }

  #isQuarrel(): boolean {
    const since = this.#parts.clock.monotonicMs() - QUARREL_WINDOW_MS;
    this.#repairTimes = this.#repairTimes.filter((time) => time > since);
    return this.#repairTimes.length > QUARREL_REPAIRS;
  }

  #tellConflicts(): void {
    const who = this.#lastChangedBy === undefined ? 'another program' : `another program ("${this.#lastChangedBy}")`;
    const quarrel = this.#isQuarrel()
      ? [`${who} keeps changing the rules of the overlay: stop it, for example a flanneld that still runs here`]
      : [];
    this.#parts.report.conflicts([...quarrel, ...this.#obstacles]);
  }
}

type ReadNumber = (signal: AbortSignal) => Promise<number>;

/** A kernel without nf_tables has no generation, and iptables-legacy needs none. */
async function generationOf(socket: NetlinkSocket, isNeeded: boolean, signal: AbortSignal): Promise<number> {
  try {
    return await readGeneration(socket, signal);
  } catch (error) {
    if (isNeeded || !(error instanceof NetlinkError)) throw error;
    return 0;
  }
}
