import { join } from 'node:path';
import { HostFileError } from '../native/host/atomic-file.ts';
import { systemClock as clock, systemRandom as random } from '../native/host/clock.ts';
import { FatalError } from '../native/host/lifecycle.ts';
import type { Logger } from '../native/host/log.ts';
import { makeFolder } from '../native/host/make-folder.ts';
import { packageVersion } from '../native/host/package-root.ts';
import type { DashboardConfig } from './config.ts';
import { LoginTokens, removeFile } from './io/access/login-tokens.ts';
import { Sessions } from './io/access/sessions.ts';
import { Tokens } from './io/access/tokens.ts';
import { Users } from './io/access/users.ts';
import { Auth } from './io/auth.ts';
import { HistoryStore } from './io/history/history-store.ts';
import { createMetrics, type DashboardMetrics } from './io/metrics.ts';
import type { RemoteWriteSettings } from './io/remote/remote-writer.ts';
import { CHANNEL_KEY_FILE, openStateStore, type StateStore } from './io/state-store.ts';
import { StoreError } from './io/store.ts';
import { SavedViews } from './io/saved-views.ts';
import { readOrMakeToken, requireToken } from './io/token-files.ts';

/** What the dashboard stands on: its files and its tokens. */
export interface Foundation {
  readonly config: DashboardConfig;
  readonly log: Logger;
  readonly store: StateStore;
  readonly history: HistoryStore;
  readonly auth: Auth;
  readonly views: SavedViews;
  readonly metrics: DashboardMetrics;
}

/** A folder or a token that cannot be used is a sentence for a person, not a stack. */
function asFatal(error: unknown): never {
  if (error instanceof StoreError && error.isDamaged)
    throw new FatalError(
      `${error.message}: users, tokens, rules, channels, silences and the state of alerts are in it; restore a backup into another folder ` +
        '(weft restore), or move the file away to begin anew',
      { cause: error },
    );
  if (error instanceof HostFileError || error instanceof StoreError)
    throw new FatalError(`${error.message}; choose another folder with --data-dir`, { cause: error });
  throw error;
}

type OnCorrupt = (record: string, error: unknown) => void;

async function openAuth(config: DashboardConfig, store: StateStore, onCorrupt: OnCorrupt): Promise<Auth> {
  const { dataDir, agentTokenFile, apiTokenFile } = config;
  const own = (name: string): Promise<string> => readOrMakeToken(join(dataDir, name));
  const [agentToken, apiToken] = await Promise.all([
    agentTokenFile === undefined ? own('agent-token') : requireToken(agentTokenFile),
    apiTokenFile === undefined ? own('api-token') : requireToken(apiTokenFile),
  ]);
  const users = new Users(store.documents, clock, onCorrupt);
  const path = join(dataDir, 'admin-token');
  // A token that nobody needs is one that somebody may find.
  if (users.hasAdminDoor) await removeFile(path);
  const admin = users.hasAdminDoor ? undefined : { token: await own('admin-token'), path };
  return new Auth({
    agentToken,
    apiToken,
    loginTokens: new LoginTokens(admin, clock),
    users,
    sessions: new Sessions(store.documents, clock),
    tokens: new Tokens(store.documents, clock, onCorrupt),
  });
}

/** A key that is lost takes the channels' secrets with it, and nothing else. */
function tellOfLocked({ documents }: StateStore, path: string, log: Logger): void {
  const channels = documents.all('channel').filter(({ kind, id }) => documents.isLocked(kind, id)).length;
  if (channels === 0) return;
  log.error(
    { channels, path },
    'channels have secrets that cannot be read: they were written with another key; put that file back, or enter them again in the settings',
  );
}

function remoteWriteOf({ remoteToken: token }: DashboardConfig, url: string): RemoteWriteSettings {
  return { url, token, userAgent: `weft/${packageVersion()}` };
}

/** Tokens first: their sentence names the folder, and a folder that cannot be written is the likely fault. */
export async function layFoundation(config: DashboardConfig, log: Logger): Promise<Foundation> {
  try {
    await makeFolder(config.dataDir).catch((cause: unknown) => {
      throw new HostFileError('make', config.dataDir, cause);
    });
    const onCorrupt: OnCorrupt = (record, err) => {
      log.warn({ err, record }, 'stored record cannot be read and is left out');
    };
    const store = openStateStore(config.dataDir, onCorrupt);
    tellOfLocked(store, join(config.dataDir, CHANNEL_KEY_FILE), log);
    const auth = await openAuth(config, store, onCorrupt);
    // After the state's own file: that one tells whether another dashboard is here.
    const history = new HistoryStore({
      settings: {
        path: join(config.dataDir, 'history.db'),
        maxBytes: config.historyMaxBytes,
        remoteWrite: config.remoteWriteUrl === undefined ? undefined : remoteWriteOf(config, config.remoteWriteUrl),
      },
      clock,
      random,
      log: log.child({ module: 'history' }),
    });
    const views = new SavedViews(store.documents, clock, onCorrupt);
    return { config, log, store, history, auth, views, metrics: createMetrics() };
  } catch (error) {
    return asFatal(error);
  }
}
