import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import { kiosk } from './kiosk.ts';
import { me } from './session.ts';

/** For who came in by a one-time token and could not come back; nobody chooses a password on a wall. */
export function PasswordNotice(): JSX.Element | null {
  if (me.value?.needsPassword !== true || kiosk.value) return null;
  return (
    <aside class="notice" aria-label="Your account" data-banner="password">
      <span>You came in by a one-time token.</span>
      <Link href="/settings/account">Choose a password</Link>
      <span>to log in again.</span>
    </aside>
  );
}
