import { signal } from '@preact/signals';
import { sameNameKey } from '../model/access.ts';
import type { ViewPage } from '../model/saved-view.ts';
import { ask, type Answer } from './api.ts';

/** A saved view, as `GET /api/v1/views` tells it. */
export interface ViewFacts {
  readonly id: string;
  readonly name: string;
  readonly page: ViewPage;
  /** Of the page's address. */
  readonly query: string;
  readonly shared: boolean;
  /** Who made it. */
  readonly by: string;
  readonly own: boolean;
  readonly mayChange: boolean;
}

/** What is saved of the view in sight. */
export interface ViewDraft {
  readonly name: string;
  readonly page: ViewPage;
  readonly query: string;
  readonly shared: boolean;
}

/** `undefined` until the server told. */
export const savedViews = signal<readonly ViewFacts[] | undefined>(undefined);

/** Asks which views there are; what was known stays where the server is away. */
export async function loadViews(): Promise<Answer<object>> {
  const answer = await ask<{ readonly views: readonly ViewFacts[] }>('GET', '/views');
  if (answer.ok) savedViews.value = answer.value.views;
  return answer;
}

/** The page as it was when the view was saved. */
export function viewPage({ page, query }: Pick<ViewFacts, 'page' | 'query'>): string {
  return query === '' ? `/${page}` : `/${page}?${query}`;
}

/** The view that saving under this name would replace. */
export function replacedBy(
  { name, page, shared }: Omit<ViewDraft, 'query'>,
  views: readonly ViewFacts[],
): ViewFacts | undefined {
  const key = sameNameKey(name.trim());
  return views.find(
    (view) => view.mayChange && view.page === page && view.shared === shared && sameNameKey(view.name) === key,
  );
}

/** Does something to views and asks for them anew. */
async function andLoad(doing: Promise<Answer<object>>): Promise<Answer<object>> {
  const answer = await doing;
  if (answer.ok) await loadViews();
  return answer;
}

/** Saves under a name, in the place of the view that has it. */
export async function saveView(draft: ViewDraft): Promise<Answer<object>> {
  const before = replacedBy(draft, savedViews.value ?? []);
  return await andLoad(
    before === undefined
      ? ask('POST', '/views', { body: draft })
      : ask('PUT', `/views/${before.id}`, { body: { query: draft.query } }),
  );
}

export async function renameView({ id }: ViewFacts, name: string): Promise<Answer<object>> {
  return await andLoad(ask('PUT', `/views/${id}`, { body: { name } }));
}

export async function deleteView({ id }: ViewFacts): Promise<Answer<object>> {
  return await andLoad(ask('DELETE', `/views/${id}`));
}
