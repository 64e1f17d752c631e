import { signal } from '@preact/signals';
import { ask, type Answer } from './api.ts';
import { savedViews } from './saved-views.ts';

/** Who is logged in here, as `GET /api/v1/me` tells it. */
export interface Me {
  readonly name: string;
  readonly role: 'admin' | 'editor' | 'viewer';
  /** What of the cluster is shown; `null` for all of it. */
  readonly scope: string | null;
  /** Came by a one-time token, and has nothing to come back with. */
  readonly needsPassword: boolean;
  readonly canSetPassword: boolean;
}

/** `undefined` until the server told. */
export const me = signal<Me | undefined>(undefined);

/** Whether the server takes changes from who is logged in. */
export const mayChange = (): boolean => me.value !== undefined && me.value.role !== 'viewer';

/** Asks who is logged in. */
export async function learnWho(): Promise<void> {
  const answer = await ask<Me>('GET', '/me');
  if (answer.ok) me.value = answer.value;
}

/** How people can log in here. */
export interface SignIn {
  /** Whether anybody has a password. */
  readonly password: boolean;
}

/** Exchanges a one-time token, or a name and its password, for a session cookie. Never throws. */
export async function logIn(
  by: { readonly token: string } | { readonly name: string; readonly password: string },
): Promise<Answer<object>> {
  return await ask<object>('POST', '/login', { body: by });
}

/** Ends the session on the server. `false` when it could not be told; the cookie then lives on. */
export async function logOut(): Promise<boolean> {
  me.value = undefined;
  savedViews.value = undefined;
  return (await ask<object>('POST', '/logout', { body: {} })).ok;
}
