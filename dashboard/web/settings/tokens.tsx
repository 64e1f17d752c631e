import type { JSX, TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import { ask, usePolled, type Answer } from '../api.ts';
import { FactTable, type FactColumn } from '../fact-table.tsx';
import { Fault } from '../facts.tsx';
import { Mark } from '../mark.tsx';
import { Choice, Field, typed } from './field.tsx';
import { ShownOnce } from './shown-once.tsx';

interface Token {
  readonly id: string;
  readonly name: string;
  readonly role?: string;
  readonly scope?: string | null;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly expired: boolean;
  readonly lastUsedAt: string | null;
  readonly formerSecretUntil: string | null;
}

interface Kind {
  readonly path: '/tokens' | '/enrolment-tokens';
  readonly label: string;
  readonly about: string;
  readonly use: (secret: string) => string;
}

const API: Kind = {
  path: '/tokens',
  label: 'API tokens',
  about: 'For scripts, Prometheus and amtool: a token has a role, and can be cut to a scope.',
  use: (secret) => `curl -H "Authorization: Bearer ${secret}" ${location.origin}/api/v1/containers`,
};

const AGENTS: Kind = {
  path: '/enrolment-tokens',
  label: 'Enrolment tokens',
  about: 'With one of these, stats agents report here, and can do nothing else.',
  use: (secret) => `echo ${secret} > agent-token\nweft statsd --dashboard ${location.origin} --token-file agent-token`,
};

const date = (at: string | null, otherwise: string): string =>
  at === null ? otherwise : new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });

function Expiry({ expiresAt, expired, formerSecretUntil }: Token): JSX.Element {
  if (expired) return <Mark kind="late">over since {date(expiresAt, '')}</Mark>;
  return (
    <>
      {date(expiresAt, 'never')}
      {formerSecretUntil === null ? null : (
        <span class="muted"> (the former secret: until {date(formerSecretUntil, '')})</span>
      )}
    </>
  );
}

function NewToken({ kind, onMade }: { readonly kind: Kind; readonly onMade: (secret: string) => void }): JSX.Element {
  const [reason, setReason] = useState<string>();
  const add = async (form: HTMLFormElement): Promise<void> => {
    const { expiresInDays, ...rest } = typed(form);
    const end = expiresInDays === undefined ? {} : { expiresInDays: Number(expiresInDays) };
    const answer = await ask<{ readonly token: string }>('POST', kind.path, { body: { ...rest, ...end } });
    setReason(answer.ok ? undefined : answer.reason);
    if (!answer.ok) return;
    form.reset();
    onMade(answer.value.token);
  };
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    void add(event.currentTarget);
  };
  return (
    <form class="form" onSubmit={submit} aria-label="New token">
      <h3>New token</h3>
      <div class="entries">
        <Field name="name" label="Name" placeholder={kind === API ? 'ci' : 'rack 7'} required />
        <Field name="expiresInDays" label="Days until it ends" type="number" placeholder="90" hint="Empty: never." />
        {kind === API ? (
          <>
            <Choice
              name="role"
              label="Role"
              options={[
                ['viewer', 'viewer'],
                ['editor', 'editor'],
                ['admin', 'admin'],
              ]}
            />
            <Field name="scope" label="Sees only" placeholder="project=shop" hint="For the role viewer." />
          </>
        ) : null}
      </div>
      <Fault reason={reason} />
      <div class="form-end">
        <button type="submit" class="button primary">
          Make token
        </button>
      </div>
    </form>
  );
}

function grantColumns(kind: Kind): FactColumn<Token>[] {
  if (kind !== API) return [];
  return [
    { header: 'Role', cell: ({ role }) => role },
    {
      header: 'Sees',
      cell: ({ scope }) => (scope === null || scope === undefined ? 'everything' : <code>{scope}</code>),
    },
  ];
}

function TokenPanel({ kind }: { readonly kind: Kind }): JSX.Element {
  const { value, reason, reload } = usePolled<{ readonly tokens: readonly Token[] }>(kind.path);
  const [refused, setRefused] = useState<string>();
  const [secret, setSecret] = useState<string>();
  const done = (answer: Answer<{ readonly token?: string }>): void => {
    setRefused(answer.ok ? undefined : answer.reason);
    if (answer.ok && answer.value.token !== undefined) setSecret(answer.value.token);
    reload();
  };
  const rotate = async ({ id }: Token): Promise<void> => {
    done(await ask('POST', `${kind.path}/${id}/rotate`, { body: {} }));
  };
  const revoke = async ({ id }: Token): Promise<void> => {
    done(await ask('DELETE', `${kind.path}/${id}`));
  };
  return (
    <div class="stack">
      <p class="muted">{kind.about}</p>
      <Fault reason={refused ?? reason} />
      {secret === undefined ? null : (
        <ShownOnce
          secret={secret}
          use={kind.use(secret)}
          onClose={() => {
            setSecret(undefined);
          }}
        />
      )}
      {value?.tokens.length === 0 ? (
        <p class="muted">None yet.</p>
      ) : (
        <FactTable<Token>
          label={kind.label}
          rows={value?.tokens ?? []}
          keyOf={({ id }) => id}
          columns={[
            { header: 'Name', cell: ({ name }) => name },
            ...grantColumns(kind),
            { header: 'Made by', cell: ({ createdBy }) => createdBy },
            { header: 'Ends', cell: (token) => <Expiry {...token} /> },
            { header: 'Last used', cell: ({ lastUsedAt }) => date(lastUsedAt, 'never') },
            {
              header: 'Change',
              cell: (token) => (
                <span class="row-actions">
                  <button type="button" class="button quiet" onClick={() => void rotate(token)}>
                    Rotate<span class="visually-hidden"> {token.name}</span>
                  </button>
                  <button type="button" class="button quiet" onClick={() => void revoke(token)}>
                    Revoke<span class="visually-hidden"> {token.name}</span>
                  </button>
                </span>
              ),
            },
          ]}
        />
      )}
      <NewToken
        kind={kind}
        onMade={(made) => {
          setSecret(made);
          reload();
        }}
      />
    </div>
  );
}

/** Tokens of scripts. */
export function ApiTokens(): JSX.Element {
  return <TokenPanel kind={API} />;
}

/** Tokens of stats agents. */
export function EnrolmentTokens(): JSX.Element {
  return <TokenPanel kind={AGENTS} />;
}
