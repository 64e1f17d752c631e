import type { JSX, TargetedSubmitEvent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import { ask } from '../api.ts';
import { WeftIcon } from '../icons.tsx';
import { logIn, type SignIn } from '../session.ts';
import { disconnect } from '../socket.ts';

/** The token behind the `#` of the printed address; it is never sent as part of a URL. */
function tokenInAddress(): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  return token === null || token === '' ? undefined : token;
}

type By = 'token' | 'password';
type Progress =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'trying' }
  | { readonly kind: 'failed'; readonly by: By; readonly reason: string };

function Invitation({ by }: { readonly by: By }): JSX.Element | null {
  if (by === 'password') return null;
  return (
    <p>
      Open the address that <code>weft dashboard</code> printed when it started, or paste its token here.
    </p>
  );
}

function Fault({ by, reason }: { readonly by: By; readonly reason: string }): JSX.Element {
  return (
    <div class="login-fault" role="alert">
      <p>
        <strong>Not logged in:</strong> {reason}.
      </p>
      {by === 'password' ? (
        <p>An admin can give you a new password. A one-time token logs in an admin who forgot it.</p>
      ) : (
        <>
          <p>
            A login token works once. For a new one, restart <code>weft dashboard</code>, or ask it with the{' '}
            <code>api-token</code> of its data folder:
          </p>
          <pre tabIndex={0}>
            <code>{`curl -X POST -H "Authorization: Bearer $(cat api-token)" \\\n  ${location.origin}/api/v1/login-tokens`}</code>
          </pre>
        </>
      )}
    </div>
  );
}

interface FieldProps {
  readonly id: string;
  readonly label: string;
  readonly kind: 'text' | 'password';
  readonly autocomplete: string;
  readonly invalid: boolean;
}

function Field({ id, label, kind, autocomplete, invalid }: FieldProps): JSX.Element {
  return (
    <>
      <label for={id}>{label}</label>
      <input
        id={id}
        name={id}
        type={kind}
        autocomplete={autocomplete}
        autocapitalize="off"
        spellcheck={false}
        required
        aria-invalid={invalid}
      />
    </>
  );
}

/** Tokens where nobody has a password yet; else name and password, with the other way a click away. */
function useWay(): [By, (by: By) => void, boolean] {
  const [by, setBy] = useState<By>('token');
  const [hasPasswords, setHasPasswords] = useState(false);
  useEffect(() => {
    const leaving = new AbortController();
    void ask<SignIn>('GET', '/sign-in', { signal: leaving.signal }).then((answer) => {
      if (!answer.ok || !answer.value.password) return;
      setHasPasswords(true);
      setBy('password');
    });
    return () => {
      leaving.abort();
    };
  }, []);
  return [by, setBy, hasPasswords];
}

/** Exchanges a token or a password for a session: the token of the printed address by itself, or what is typed. */
export function Login(): JSX.Element {
  const [, navigate] = useLocation();
  const [by, setBy, hasPasswords] = useWay();
  const [progress, setProgress] = useState<Progress>({ kind: 'waiting' });

  const attempt = async (with_: Parameters<typeof logIn>[0]): Promise<void> => {
    setProgress({ kind: 'trying' });
    const outcome = await logIn(with_);
    if (outcome.ok) navigate('/', { replace: true });
    else setProgress({ kind: 'failed', by: 'token' in with_ ? 'token' : 'password', reason: outcome.reason });
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
      void attempt({ token });
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
    const form = new FormData(event.currentTarget);
    const text = (name: string): string => {
      const value = form.get(name);
      return typeof value === 'string' ? value : '';
    };
    void attempt(
      by === 'token' ? { token: text('token').trim() } : { name: text('name').trim(), password: text('password') },
    );
  };

  const failed = progress.kind === 'failed';
  return (
    <main class="login" id="content">
      <form onSubmit={submit} class="login-card">
        <h1>
          <WeftIcon /> Log in to weft
        </h1>
        {failed ? <Fault by={progress.by} reason={progress.reason} /> : <Invitation by={by} />}
        {by === 'token' ? (
          <Field id="token" label="Token" kind="password" autocomplete="off" invalid={failed} />
        ) : (
          <>
            <Field id="name" label="Name" kind="text" autocomplete="username" invalid={failed} />
            <Field id="password" label="Password" kind="password" autocomplete="current-password" invalid={failed} />
          </>
        )}
        <button type="submit" class="button primary" disabled={progress.kind === 'trying'}>
          {progress.kind === 'trying' ? 'Logging in…' : 'Log in'}
        </button>
        {hasPasswords ? (
          <button
            type="button"
            class="button quiet"
            onClick={() => {
              setProgress({ kind: 'waiting' });
              setBy(by === 'token' ? 'password' : 'token');
            }}
          >
            {by === 'token' ? 'Use name and password' : 'Use a one-time token'}
          </button>
        ) : null}
      </form>
    </main>
  );
}
