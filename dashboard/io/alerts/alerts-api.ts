import type { Hono } from 'hono';
import type { Clock } from '../../../native/host/clock.ts';
import type { AlertBook } from '../../model/alert/book.ts';
import type { RowOrder } from '../../model/cluster-view.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { Documents } from '../documents.ts';
import type { EpisodeStore } from '../episode-store.ts';
import type { HistoryStore } from '../history/history-store.ts';
import type { Env } from '../http.ts';
import type { NotifyParts } from '../notify/assemble.ts';
import type { RuleBook } from '../rule-book.ts';
import type { RuleFiles } from '../rule-files.ts';
import { addAcknowledgements } from './acknowledge-api.ts';
import { addChannels } from './channels-api.ts';
import { addDeliveries } from './deliveries-api.ts';
import { DOORS } from './doors.ts';
import { addAlertHistory } from './history-api.ts';
import { addRouting } from './routing-api.ts';
import { addRules } from './rules-api.ts';
import { addSilences } from './silences-api.ts';

export interface AlertsApiParts {
  readonly book: AlertBook;
  readonly cluster: Cluster;
  readonly rules: RuleBook;
  readonly ruleFiles: Pick<RuleFiles, 'states'>;
  readonly history: Pick<HistoryStore, 'ask'>;
  readonly notify: NotifyParts;
  readonly documents: Documents;
  readonly episodes: EpisodeStore;
  readonly externalUrl: string;
  readonly order: () => RowOrder;
  readonly clock: Clock;
}

/** Adds what has to do with alerts to the API: rules, silences, mute windows, channels, deliveries. */
export function addAlerts(api: Hono<Env>, parts: AlertsApiParts): void {
  addRules(api, parts, DOORS);
  addSilences(api, parts, DOORS);
  addRouting(api, parts, DOORS);
  addChannels(api, parts, DOORS);
  addDeliveries(api, parts, DOORS);
  addAlertHistory(api, parts, DOORS);
  addAcknowledgements(api, parts, DOORS);
}
