import type { ComponentType } from 'preact';
import { lazyPage } from '../lazy.tsx';
import { Account } from './account.tsx';
import { Audit } from './audit.tsx';
import { Channels } from './channels.tsx';
import { Display } from './display.tsx';
import { History } from './history.tsx';
import { Server } from './server.tsx';
import { ApiTokens, EnrolmentTokens } from './tokens.tsx';
import { Users } from './users.tsx';

/** One part of the settings, at `/settings/<id>`. */
export interface SettingsPanel {
  readonly id: string;
  readonly title: string;
  readonly Panel: ComponentType;
  /** Shown to admins alone: the server tells nobody else. */
  readonly forAdmins?: true;
}

const Integrations = lazyPage('Integrations', async () => (await import('./integrations.tsx')).Integrations);
const Backup = lazyPage('Backup', async () => (await import('./backup.tsx')).Backup);

/** The parts of the settings, in the order in which they are shown; the first one is also `/settings`. */
export const SETTINGS_PANELS: readonly [SettingsPanel, ...SettingsPanel[]] = [
  { id: 'channels', title: 'Channels', Panel: Channels },
  { id: 'server', title: 'Server', Panel: Server },
  { id: 'integrations', title: 'Integrations', Panel: Integrations },
  { id: 'history', title: 'History', Panel: History },
  { id: 'display', title: 'Display', Panel: Display },
  { id: 'account', title: 'Account', Panel: Account },
  { id: 'users', title: 'Users', Panel: Users, forAdmins: true },
  { id: 'tokens', title: 'API tokens', Panel: ApiTokens, forAdmins: true },
  { id: 'agents', title: 'Agents', Panel: EnrolmentTokens, forAdmins: true },
  { id: 'audit', title: 'Audit log', Panel: Audit, forAdmins: true },
  { id: 'backup', title: 'Backup', Panel: Backup, forAdmins: true },
];
