import type { Clock } from '../native/host/clock.ts';
import { packageVersion } from '../native/host/package-root.ts';
import { generate } from './grafana/generate.ts';
import { loadGrafanaSettings } from './grafana/config.ts';
import { translate } from './grafana/model/prometheus-rule.ts';
import type { DashboardConfig } from './config.ts';
import type { Heart } from './heart.ts';
import type { VouchWatch } from './io/access/vouch-watch.ts';
import { makeBackup } from './io/backup/backup.ts';
import type { Documents } from './io/documents.ts';
import type { HistoryStore } from './io/history/history-store.ts';
import type { KnownChannel } from './io/notify/channels.ts';
import type { RemoteReader } from './io/remote/remote-reader.ts';
import { notifyFile, rulesFile } from './io/settings/config-files.ts';
import type { SettingsSource } from './io/settings/settings-api.ts';
import { NO_TRACK, shownUrl, stateOfTrack, type Integration, type IntegrationTrack } from './model/integration.ts';
import { settingsFile } from './settings-file.ts';

export interface SettingsParts {
  readonly config: DashboardConfig;
  readonly heart: Pick<Heart, 'book' | 'notify' | 'rules'>;
  readonly history: Pick<HistoryStore, 'remoteWrite'>;
  readonly remoteReader: Pick<RemoteReader, 'state'> | undefined;
  readonly vouchWatch: VouchWatch;
  readonly documents: Documents;
  readonly clock: Pick<Clock, 'nowMs'>;
}

const OFF = { state: 'off', targets: [], counts: {}, ...NO_TRACK } as const;

function remoteWrite({ config, history }: SettingsParts): Integration {
  const named = { kind: 'remoteWrite', name: 'Remote write' } as const;
  const { remoteWriteUrl: url } = config;
  if (url === undefined) return { ...named, ...OFF };
  const { waitingRequests = 0, sentSamples = 0, droppedSamples = 0, refusedSamples = 0 } = history.remoteWrite ?? {};
  const { lastSentUnixMs, lastFailure } = history.remoteWrite ?? {};
  const track = { lastSuccessUnixMs: lastSentUnixMs, lastFailure };
  const counts = { sentSamples, waitingRequests, droppedSamples, refusedSamples };
  return { ...named, state: stateOfTrack(track), targets: [shownUrl(url)], counts, ...track };
}

function remoteRead({ config, remoteReader }: SettingsParts): Integration {
  const named = { kind: 'remoteRead', name: 'Long past (query_range)' } as const;
  const { remoteReadUrl: url } = config;
  if (url === undefined || remoteReader === undefined) return { ...named, ...OFF };
  const { answers, failures, lastAnswerUnixMs, lastFailure } = remoteReader.state;
  const track = { lastSuccessUnixMs: lastAnswerUnixMs, lastFailure };
  return { ...named, state: stateOfTrack(track), targets: [shownUrl(url)], counts: { answers, failures }, ...track };
}

function targetOf({ spec, isLocked }: KnownChannel): string[] {
  if (spec.type === 'statsd') return [`${spec.host}:${spec.port}`];
  return spec.type === 'alertmanager' && !isLocked ? [`${new URL(spec.url).origin}/…`] : [];
}

/** Every channel of a kind; `off` when there is none. */
function channelsOf({ heart }: SettingsParts, kind: 'statsd' | 'alertmanager', title: string): Integration[] {
  const { channels } = heart.notify;
  const found = channels.all.filter(({ spec }) => spec.type === kind);
  if (found.length === 0) return [{ kind, name: title, ...OFF }];
  return found.map((known): Integration => {
    const common = { kind, name: `${title}: ${known.spec.name}`, targets: targetOf(known), counts: {} };
    if (!known.spec.enabled) return { ...common, state: 'off', ...NO_TRACK };
    const track = channels.trackOf(known.id);
    const disabled = channels.disabledBecause(known.id);
    return { ...common, state: disabled === undefined ? stateOfTrack(track) : 'failing', ...track };
  });
}

function prometheus({ heart }: SettingsParts): Integration {
  const translations = heart.book.rules.map(translate);
  const counts = {
    rules: translations.length,
    prometheusRules: translations.reduce((sum, { said }) => sum + said.length, 0),
    notSaid: translations.filter(({ unsaid }) => unsaid !== undefined).length,
  };
  return { kind: 'prometheus', name: 'Grafana and Prometheus', state: 'ok', targets: [], counts, ...NO_TRACK };
}

/** Anybody can send a header that is not believed: that alone is no failure of what works. */
function stateOfVouching({ lastSuccessUnixMs, lastFailure }: IntegrationTrack): Integration['state'] {
  if (lastSuccessUnixMs !== undefined) return 'ok';
  return lastFailure === undefined ? 'untried' : 'failing';
}

function forwardAuth({ config, vouchWatch }: SettingsParts): Integration {
  const named = { kind: 'forwardAuth', name: 'Single sign-on by a proxy' } as const;
  const { forwardAuthHeader, forwardAuthGroupsHeader, trustedProxy } = config;
  if (forwardAuthHeader === undefined) return { ...named, ...OFF };
  const headers = [forwardAuthHeader, forwardAuthGroupsHeader].filter((header) => header !== undefined).join(', ');
  const { track, counts } = vouchWatch;
  const targets = trustedProxy.map((network) => `${network} (${headers})`);
  return { ...named, state: stateOfVouching(track), targets, counts: { ...counts }, ...track };
}

/** What the settings pages tell, put together from the parts that do the work. */
export function settingsSource(parts: SettingsParts): SettingsSource {
  const { heart, config } = parts;
  const { channels, muteWindows } = heart.notify;
  return {
    integrations: () => [
      remoteWrite(parts),
      remoteRead(parts),
      ...channelsOf(parts, 'statsd', 'StatsD service checks'),
      ...channelsOf(parts, 'alertmanager', 'Alertmanager'),
      prometheus(parts),
      forwardAuth(parts),
    ],
    configFiles: () => [
      settingsFile(config),
      rulesFile(heart.rules.sources),
      notifyFile(
        channels.all.filter(({ origin }) => origin === 'api'),
        muteWindows.made,
      ),
    ],
    backup: () => makeBackup(parts.documents, { weft: packageVersion(), nowUnixMs: parts.clock.nowMs() }),
    grafana: (options) =>
      generate(heart.book.rules, loadGrafanaSettings({ flags: { out: 'weft-grafana', ...options } })).files,
  };
}
