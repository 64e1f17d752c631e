import type { Clock } from '../../../native/host/clock.ts';
import type { Logger } from '../../../native/host/log.ts';
import type { Alert } from '../../model/alert/alert.ts';
import type { SelfFact } from '../../model/alert/target.ts';
import { NO_TRACK, type IntegrationTrack } from '../../model/integration.ts';
import type { Documents } from '../documents.ts';
import { AlertmanagerForwarder } from './alertmanager.ts';
import type { Channel, SendOutcome } from './channel.ts';
import { channelSchema, lockedChannel, redactedChannel, type ChannelSpec } from './channel-schema.ts';
import { channelId, httpOptionsOf, makeChannel, type ChannelMaking } from './make-channel.ts';

/** A channel that an operator's file or flag names; it cannot be changed here. */
export interface FixedChannel {
  readonly receiver: string;
  readonly spec: ChannelSpec;
}

export interface ChannelsParts {
  readonly fixed: readonly FixedChannel[];
  /** Receiver of the channels that the API makes. */
  readonly defaultReceiver: string;
  readonly documents: Documents;
  readonly making: Omit<ChannelMaking, 'trusted'>;
  readonly externalUrl: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onForwarded: (outcome: SendOutcome, label: string, alerts: readonly Alert[]) => void;
}

/** A channel with what is known around it. */
export interface KnownChannel {
  readonly id: string;
  readonly receiver: string;
  readonly spec: ChannelSpec;
  readonly origin: 'file' | 'api';
  readonly channel: Channel | undefined;
  readonly forwarder: AlertmanagerForwarder | undefined;
  /** Its secrets cannot be read any more: it waits for somebody to enter them again. */
  readonly isLocked: boolean;
}

/** Why a channel without its secrets is not used. */
const LOCKED =
  'its secrets cannot be read, since channel-key in the data folder is not the key they were written with: enter them again';

function definedOnly(values: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** Refusals in a row that end a channel: whatever it is, it is not listening any more. */
const REFUSALS_TO_DISABLE = 20;

/** What tells two channels of one kind from each other. */
function addressOf(spec: ChannelSpec): string {
  if (spec.type === 'email') return `${spec.host}:${spec.port} ${spec.to.join(' ')}`;
  if (spec.type === 'statsd') return `${spec.host}:${spec.port}`;
  return spec.url ?? '';
}

/** Every channel, from files and from the API, and which of them are switched off and why. */
export class Channels {
  readonly #parts: ChannelsParts;
  readonly #refusals = new Map<string, number>();
  readonly #tracks = new Map<string, IntegrationTrack>();
  #known: ReadonlyMap<string, KnownChannel> = new Map();

  constructor(parts: ChannelsParts) {
    this.#parts = parts;
    this.reload();
  }

  get all(): readonly KnownChannel[] {
    return [...this.#known.values()];
  }

  get(id: string): KnownChannel | undefined {
    return this.#known.get(id);
  }

  /** Those that are told of what is routed to a receiver, switched off or not. */
  of(receiver: string): readonly Channel[] {
    return this.all.flatMap(({ receiver: of, spec, channel }) =>
      of === receiver && spec.enabled && channel !== undefined ? [channel] : [],
    );
  }

  /** Alertmanagers that may be forwarded to. */
  get forwarders(): readonly AlertmanagerForwarder[] {
    return this.all.flatMap(({ id, spec, forwarder }) =>
      spec.enabled && forwarder !== undefined && this.disabledBecause(id) === undefined ? [forwarder] : [],
    );
  }

  /** Why a channel was switched off by weft; `undefined` while it was not. */
  disabledBecause(id: string): string | undefined {
    if (this.#known.get(id)?.isLocked === true) return LOCKED;
    const value = this.#parts.documents.get('disabled', id)?.value;
    return typeof value === 'object' && value !== null && 'why' in value ? String(value.why) : undefined;
  }

  /** Notes what came of an attempt; switches the channel off when it is of no use any more. */
  note(id: string, outcome: SendOutcome): void {
    this.#tracks.set(id, this.#trackAfter(id, outcome));
    if (outcome.kind === 'sent') this.#refusals.delete(id);
    if (outcome.kind !== 'refused') return;
    const refusals = (this.#refusals.get(id) ?? 0) + 1;
    this.#refusals.set(id, refusals);
    const many = refusals >= REFUSALS_TO_DISABLE ? `it ${outcome.why}, ${refusals} times in a row` : undefined;
    const why = outcome.disable ?? many;
    if (why === undefined) return;
    const { documents, clock, log } = this.#parts;
    log.error({ channel: this.get(id)?.spec.name, why }, 'channel switched off');
    documents.put({ kind: 'disabled', id, updatedAtUnixMs: clock.nowMs(), value: { why } });
  }

  /** What came of the attempts of this process. */
  trackOf(id: string): IntegrationTrack {
    return this.#tracks.get(id) ?? NO_TRACK;
  }

  /** Switches a channel on again. */
  enable(id: string): void {
    this.#refusals.delete(id);
    this.#parts.documents.remove('disabled', id);
  }

  /** What weft's own rule on broken channels looks at. */
  get facts(): readonly SelfFact[] {
    return this.all.map(({ id, spec }) => ({
      metric: 'channelBroken',
      labels: { channel: spec.name },
      value: Number(this.disabledBecause(id) !== undefined),
    }));
  }

  /** A channel as it may be shown, without its secrets. */
  view({ id, receiver, spec, origin, isLocked }: KnownChannel): object {
    const { url, routingKey, ...open } = redactedChannel(spec);
    const shown = isLocked ? open : { ...open, ...definedOnly({ url, routingKey }) };
    return { id, receiver, origin, ...shown, secretsLost: isLocked, disabledBecause: this.disabledBecause(id) ?? null };
  }

  /** Takes the API's channels as the documents have them now. */
  reload(): void {
    const { fixed, documents, defaultReceiver } = this.#parts;
    const fromFiles = fixed.map(({ receiver, spec }) => {
      const address = addressOf(spec);
      const key = spec.type === 'pagerduty' ? spec.routingKey : '';
      return this.#make(channelId(receiver, spec.type, address, key), { receiver, spec, origin: 'file' });
    });
    const fromApi = documents.all('channel').flatMap(({ id, value }) => {
      if (documents.isLocked('channel', id)) return this.#lockedFrom(id, value);
      const spec = channelSchema.safeParse(value);
      if (!spec.success) return [];
      return [this.#make(id, { receiver: defaultReceiver, spec: spec.data, origin: 'api' })];
    });
    this.#known = new Map([...fromApi, ...fromFiles].map((known) => [known.id, known]));
  }

  #trackAfter(id: string, outcome: SendOutcome): IntegrationTrack {
    const atUnixMs = this.#parts.clock.nowMs();
    if (outcome.kind === 'sent') return { ...this.trackOf(id), lastSuccessUnixMs: atUnixMs };
    return { ...this.trackOf(id), lastFailure: { atUnixMs, reason: `it ${outcome.why}` } };
  }

  #make(id: string, known: Pick<KnownChannel, 'receiver' | 'spec' | 'origin'>): KnownChannel {
    const { spec, origin } = known;
    const making = { ...this.#parts.making, trusted: origin === 'file' };
    if (spec.type !== 'alertmanager')
      return { id, ...known, channel: makeChannel(id, spec, making), forwarder: undefined, isLocked: false };
    const { externalUrl, clock, log, onForwarded } = this.#parts;
    const kept = this.#known.get(id);
    if (kept?.forwarder !== undefined && kept.spec === spec) return kept;
    const forwarder = new AlertmanagerForwarder({
      id,
      url: spec.url,
      label: spec.name,
      externalUrl,
      http: httpOptionsOf(spec, making),
      clock,
      log,
      onOutcome: (outcome, alerts) => {
        this.note(id, outcome);
        onForwarded(outcome, spec.name, alerts);
      },
    });
    return { id, ...known, channel: undefined, forwarder, isLocked: false };
  }

  /** It is known by name and is told nothing; alerts then say why. */
  #lockedFrom(id: string, value: unknown): KnownChannel[] {
    const spec = lockedChannel(value);
    if (spec === undefined) return [];
    const { type: kind, name: label, sendResolved } = spec;
    const send = (): Promise<SendOutcome> =>
      Promise.resolve({ kind: 'retry', why: LOCKED, status: undefined, body: '', heard: false });
    const channel: Channel = { id, kind, label, sendResolved, send };
    const { defaultReceiver: receiver } = this.#parts;
    return [{ id, receiver, spec, origin: 'api', channel, forwarder: undefined, isLocked: true }];
  }
}
