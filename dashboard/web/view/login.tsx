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

function Invitation(): JSX.Element {
  return (
    <p>
      Open the address that <code>weft dashboard</code> printed when it started, or paste its token here.
    </p>
  );
}

function Fault({ reason }: { readonly reason: string }): JSX.Element {
  return (
    <div class="login-fault" role="alert">
      <p>
        <strong>Not logged in:</strong> {reason}.
      </p>
      <p>
        A login token works once. For a new one, restart <code>weft dashboard</code>, or ask it with the{' '}
        <code>api-token</code> of its state folder:
      </p>
      <pre tabIndex={0}>
        <code>{`curl -X POST -H "Authorization: Bearer $(cat api-token)" \\\n  ${location.origin}/api/v1/login-tokens`}</code>
      </pre>
    </div>
  );
}

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
    const takeToken = (): void => {
      const token = tokenInAddress();
      if (token === undefined) return;
      // Off the address bar and out of the history before anything else happens.
      history.replaceState(history.state, '', '/login');
      void tryToken(token);
    };
    takeToken();
    // The printed address pasted into this very tab changes nothing but the part behind the #.
    addEventListener('hashchange', takeToken);
    return () => {
      removeEventListener('hashchange', takeToken);
    };
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
        {progress.kind === 'failed' ? <Fault reason={progress.reason} /> : <Invitation />}
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
