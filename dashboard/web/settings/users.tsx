import type { JSX, TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import { ask, usePolled } from '../api.ts';
import { FactTable } from '../fact-table.tsx';
import { Fault } from '../facts.tsx';
import { me } from '../session.ts';
import { Choice, Field, typed } from './field.tsx';

interface User {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly scope: string | null;
  readonly source: 'local' | 'proxy';
  readonly hasPassword: boolean;
  readonly createdAt: string;
}

const ROLES = [
  ['viewer', 'viewer'],
  ['editor', 'editor'],
  ['admin', 'admin'],
] as const;

const SOURCES = { local: 'password', proxy: 'proxy in front' } as const;

function logsInBy({ source, hasPassword }: User): string {
  return source === 'local' && !hasPassword ? 'one-time token only' : SOURCES[source];
}

interface Change {
  readonly reload: () => void;
  readonly tell: (reason: string | undefined) => void;
}

function RoleSelect({ user, reload, tell }: { readonly user: User } & Change): JSX.Element {
  const change = async (role: string): Promise<void> => {
    // Only a viewer has a scope.
    const scope = role === 'viewer' ? {} : { scope: null };
    const answer = await ask('PUT', `/users/${user.id}`, { body: { role, ...scope } });
    tell(answer.ok ? undefined : answer.reason);
    reload();
  };
  return (
    <select
      aria-label={`Role of ${user.name}`}
      value={user.role}
      onChange={(event) => void change(event.currentTarget.value)}
    >
      {ROLES.map(([role]) => (
        <option key={role} value={role}>
          {role}
        </option>
      ))}
    </select>
  );
}

function Remove({ user, reload, tell }: { readonly user: User } & Change): JSX.Element {
  const remove = async (): Promise<void> => {
    const answer = await ask('DELETE', `/users/${user.id}`);
    tell(answer.ok ? undefined : answer.reason);
    reload();
  };
  const [asked, setAsked] = useState(false);
  if (!asked)
    return (
      <button
        type="button"
        class="button quiet"
        aria-label={`Remove ${user.name}`}
        onClick={() => {
          setAsked(true);
        }}
      >
        Remove
      </button>
    );
  return (
    <button type="button" class="button" onClick={() => void remove()}>
      Really remove {user.name}
    </button>
  );
}

function NewUser({ reload }: Pick<Change, 'reload'>): JSX.Element {
  const [reason, setReason] = useState<string>();
  const add = async (form: HTMLFormElement): Promise<void> => {
    const answer = await ask('POST', '/users', { body: typed(form) });
    setReason(answer.ok ? undefined : answer.reason);
    if (!answer.ok) return;
    form.reset();
    reload();
  };
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    void add(event.currentTarget);
  };
  return (
    <form class="form" onSubmit={submit} aria-label="New user">
      <h3>New user</h3>
      <div class="entries">
        <Field name="name" label="Name" required />
        <Field
          name="password"
          label="Password"
          type="password"
          autocomplete="new-password"
          hint="At least 10 characters; the user can change it."
          required
        />
        <Choice name="role" label="Role" options={ROLES} />
        <Field
          name="scope"
          label="Sees only"
          placeholder="project=shop"
          hint="For viewers: matchers on host, container, image, project, service or label_…"
        />
      </div>
      <Fault reason={reason} />
      <div class="form-end">
        <button type="submit" class="button primary">
          Add user
        </button>
      </div>
    </form>
  );
}

/** Who may come in, as what, and what they see. */
export function Users(): JSX.Element {
  const { value, reason, reload } = usePolled<{ readonly users: readonly User[] }>('/users');
  const [refused, tell] = useState<string>();
  const change = { reload, tell };
  return (
    <div class="stack">
      <Fault reason={refused ?? reason} />
      <FactTable<User>
        label="Users"
        rows={value?.users ?? []}
        keyOf={({ id }) => id}
        columns={[
          { header: 'Name', cell: ({ name }) => (name === me.value?.name ? `${name} (you)` : name) },
          { header: 'Role', cell: (user) => <RoleSelect user={user} {...change} /> },
          { header: 'Sees', cell: ({ scope }) => (scope === null ? 'everything' : <code>{scope}</code>) },
          { header: 'Logs in by', cell: logsInBy },
          { header: 'Since', cell: ({ createdAt }) => new Date(createdAt).toLocaleDateString() },
          { header: 'Remove', cell: (user) => <Remove user={user} {...change} /> },
        ]}
      />
      <NewUser reload={reload} />
    </div>
  );
}
