import type { JSX, TargetedSubmitEvent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import { WeftIcon } from '../icons.tsx';
import { logIn } from '../session.ts';
import { disconnect } from '../socket.ts';

/** The token behind the `#` of the printed address; it is never sent as part of a URL. */
function tokenInAddress(): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  return token === null || token === '' ? undefined : token;
}

type Progress =
  { readonly kind: 'waiting' } | { readonly kind: 'trying' } | { readonly kind: 'failed'; readonly reason: string };

/** Exchanges a token for a session: the one of the printed address by itself, or one that is typed. */
export function Login(): JSX.Element {
  const [, navigate] = useLocation();
  const [progress, setProgress] = useState<Progress>({ kind: 'waiting' });

  const tryToken = async (token: string): Promise<void> => {
    setProgress({ kind: 'trying' });
    const outcome = await logIn(token);
    if (outcome.ok) navigate('/', { replace: true });
    else setProgress({ kind: 'failed', reason: outcome.reason });
  };

  useEffect(() => {
    document.title = 'Log in · weft';
    // What is left of an ended session must not answer for the new one.
    disconnect();
    const token = tokenInAddress();
    if (token === undefined) return;
    // Off the address bar and out of the history before anything else happens.
    history.replaceState(history.state, '', '/login');
    void tryToken(token);
  }, []);

  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const token = new FormData(event.currentTarget).get('token');
    if (typeof token === 'string' && token.trim() !== '') void tryToken(token.trim());
  };

  return (
    <main class="login" id="content">
      <form onSubmit={submit} class="login-card">
        <h1>
          <WeftIcon /> Log in to weft
        </h1>
        {progress.kind === 'failed' ? (
          <p class="login-fault" role="alert">
            <strong>That did not work: {progress.reason}.</strong> A token works once. Restart{' '}
            <code>weft dashboard</code> to have a new address with a new token printed.
          </p>
        ) : (
          <p>
            Open the address that <code>weft dashboard</code> printed when it started, or paste its token here.
          </p>
        )}
        <label for="token">Token</label>
        <input
          id="token"
          name="token"
          type="password"
          autocomplete="off"
          spellcheck={false}
          required
          aria-invalid={progress.kind === 'failed'}
        />
        <button type="submit" class="button primary" disabled={progress.kind === 'trying'}>
          {progress.kind === 'trying' ? 'Logging in…' : 'Log in'}
        </button>
      </form>
    </main>
  );
}
