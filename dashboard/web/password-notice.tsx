import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import { me } from './session.ts';

/** For who came in by a one-time token and could not come back. */
export function PasswordNotice(): JSX.Element | null {
  if (me.value?.needsPassword !== true) return null;
  return (
    <div class="notice" data-banner="password">
      <span>You came in by a one-time token.</span>
      <Link href="/settings/account">Choose a password</Link>
      <span>to log in again.</span>
    </div>
  );
}
