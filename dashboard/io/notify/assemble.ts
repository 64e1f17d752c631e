import type { Clock, RandomSource } from '../../../native/host/clock.ts';
import type { Logger } from '../../../native/host/log.ts';
import type { Alert } from '../../model/alert/alert.ts';
import { GroupBook } from '../../model/notify/group-book.ts';
import { compileRoutes, type RouteSpec } from '../../model/notify/route.ts';
import type { Documents } from '../documents.ts';
import { Acknowledgements } from './acknowledgements.ts';
import type { SendOutcome } from './channel.ts';
import type { ChannelSpec } from './channel-schema.ts';
import { Channels, type FixedChannel } from './channels.ts';
import { Delivery } from './delivery.ts';
import { Entries } from './entries.ts';
import { MuteWindows } from './mute-windows.ts';
import { Notifier, type Leadership } from './notifier.ts';
import type { NotifySettings } from './notify-file.ts';
import type { Outbox } from './outbox.ts';
import { Silences } from './silences.ts';
import { Suppressor } from './suppressor.ts';
import type { TargetPolicy } from './target-guard.ts';
import { followTold, type OnTold } from './told.ts';

/** A receiver that does not answer within this is tried again, milliseconds. */
const SEND_TIMEOUT_MS = 10_000;

/** The receiver of everything when no file says otherwise. */
const DEFAULT_RECEIVER = 'default';

export interface NotifyAssembly {
  readonly settings: NotifySettings;
  /** `--webhook`: receivers of whatever the root of the tree is told. */
  readonly webhooks: readonly string[];
  readonly webhookSecret: string | undefined;
  readonly timing: Pick<RouteSpec, 'groupWaitMs' | 'groupIntervalMs' | 'repeatIntervalMs'>;
  readonly policy: TargetPolicy;
  readonly documents: Documents;
  readonly outbox: Outbox;
  readonly alerts: () => readonly Alert[];
  readonly leadership: () => Leadership;
  readonly externalUrl: string;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly onOutcome: (outcome: SendOutcome['kind'] | 'dropped') => void;
  readonly onTold: OnTold;
}

/** Everything between alerts and the people who must hear of them. */
export interface NotifyParts {
  readonly notifier: Notifier;
  readonly channels: Channels;
  readonly silences: Silences;
  readonly acknowledgements: Acknowledgements;
  readonly muteWindows: MuteWindows;
  readonly suppressor: Suppressor;
  readonly groups: GroupBook;
  readonly outbox: Outbox;
}

function rootOf({ settings, timing }: NotifyAssembly): RouteSpec {
  const given = settings.route ?? {};
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as RouteSpec;
  return { receiver: DEFAULT_RECEIVER, ...timing, ...said };
}

function fixedChannels({ settings, webhooks, webhookSecret }: NotifyAssembly, rootReceiver: string): FixedChannel[] {
  const named = settings.receivers.flatMap(({ name, channels }) => channels.map((spec) => ({ receiver: name, spec })));
  const flags = webhooks.map((url) => {
    const spec: ChannelSpec = {
      type: 'webhook',
      name: new URL(url).host,
      sendResolved: true,
      enabled: true,
      url,
      secret: webhookSecret,
    };
    return { receiver: rootReceiver, spec };
  });
  return [...named, ...flags];
}

/** Puts the notifier together. @throws {RangeError} for a regular expression that cannot be used. */
export function assembleNotifier(assembly: NotifyAssembly): NotifyParts {
  const { documents, outbox, clock, random, log, settings, externalUrl, policy, userAgent, onOutcome } = assembly;
  const root = rootOf(assembly);
  const groups = new GroupBook(compileRoutes(root), outbox.loadGroups());
  const silences = new Silences(documents, clock);
  const muteWindows = new MuteWindows(settings.timeIntervals, documents, clock);
  const acknowledgements = new Acknowledgements(documents);
  const suppressor = new Suppressor({
    silences: silences.book,
    inhibitRules: settings.inhibitRules,
    intervals: () => muteWindows.intervals,
    always: () => muteWindows.names,
  });
  const defaultReceiver = root.receiver ?? DEFAULT_RECEIVER;
  const channels = new Channels({
    fixed: fixedChannels(assembly, defaultReceiver),
    defaultReceiver,
    documents,
    making: { policy, timeoutMs: SEND_TIMEOUT_MS, userAgent, clock },
    externalUrl,
    clock,
    log,
    onForwarded: (outcome, label, alerts) => {
      onOutcome(outcome.kind);
      const facts = { channel: label, alerts: alerts.length };
      if (outcome.kind !== 'sent') {
        log.warn({ ...facts, outcome: outcome.kind, why: outcome.why }, 'alerts not forwarded');
        return;
      }
      log.debug(facts, 'alerts forwarded');
      const firing = alerts.filter(({ state }) => state.kind === 'firing').map(({ fingerprint }) => fingerprint);
      assembly.onTold(label, firing, clock.nowMs());
    },
  });
  followTold(documents, channels, assembly.onTold);
  documents.listen(({ kind }) => {
    if (kind === 'channel') channels.reload();
    if (kind === 'mute') suppressor.forgetWindows();
  });
  const entries = new Entries(documents);
  const restored = outbox.load((record, err) => {
    log.warn({ err, record }, 'stored record cannot be read and is left out');
  });
  const delivery = new Delivery({ channels, outbox, entries, clock, random, log, onOutcome }, restored);
  const notifier = new Notifier({
    groups,
    channels,
    suppressor,
    entries,
    delivery,
    acknowledgements,
    leadership: assembly.leadership,
    alerts: assembly.alerts,
    externalUrl,
    clock,
    log,
  });
  return { notifier, channels, silences, acknowledgements, muteWindows, suppressor, groups, outbox };
}
