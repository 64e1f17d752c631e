import type { JSX, TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import { ask } from '../api.ts';
import { Facts, Fault } from '../facts.tsx';
import { Mark } from '../mark.tsx';
import { learnWho, me, type Me } from '../session.ts';
import { Field, typed } from './field.tsx';

const MAY: Readonly<Record<Me['role'], string>> = {
  viewer: 'viewer: reads',
  editor: 'editor: also changes rules, silences and channels, and acknowledges alerts',
  admin: 'admin: does everything',
};

function PasswordForm({ who }: { readonly who: Me }): JSX.Element {
  const [outcome, setOutcome] = useState<{ readonly done: boolean; readonly reason?: string }>({ done: false });
  const save = async (form: HTMLFormElement): Promise<void> => {
    const { password, again, current, name } = typed(form);
    if (password !== again) {
      setOutcome({ done: false, reason: 'the two new passwords differ' });
      return;
    }
    const body = { password, current, ...(who.needsPassword ? { name } : {}) };
    const answer = await ask<object>('PUT', '/me/password', { body });
    setOutcome(answer.ok ? { done: true } : { done: false, reason: answer.reason });
    if (!answer.ok) return;
    form.reset();
    await learnWho();
  };
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    void save(event.currentTarget);
  };
  return (
    <form class="form" onSubmit={submit} aria-label="Password">
      <h3>{who.needsPassword ? 'Choose how to come back' : 'Change the password'}</h3>
      {who.needsPassword ? (
        <>
          <p class="muted">You came in by a one-time token. With a name and a password you can log in again.</p>
          <Field name="name" label="Name" value={who.name} autocomplete="username" required />
        </>
      ) : (
        <Field
          name="current"
          label="Current password"
          type="password"
          autocomplete="current-password"
          hint="Not needed after a login by a one-time token."
        />
      )}
      <Field
        name="password"
        label="New password"
        type="password"
        autocomplete="new-password"
        hint="At least 10 characters. Your other sessions end."
        required
      />
      <Field name="again" label="New password again" type="password" autocomplete="new-password" required />
      <Fault reason={outcome.reason} />
      <div class="form-end">
        <button type="submit" class="button primary">
          Save password
        </button>
        {outcome.done ? <Mark kind="ok">saved</Mark> : null}
      </div>
    </form>
  );
}

/** Who is logged in here, what that is good for, and the password. */
export function Account(): JSX.Element | null {
  const who = me.value;
  if (who === undefined) return null;
  return (
    <div class="stack">
      <div class="form">
        <Facts
          facts={[
            ['Name', who.name],
            ['Role', MAY[who.role]],
            ['Sees', who.scope === null ? 'everything' : <code key="scope">{who.scope}</code>],
          ]}
        />
      </div>
      {who.canSetPassword ? <PasswordForm who={who} /> : null}
    </div>
  );
}
