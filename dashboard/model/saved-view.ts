import { MAX_COMPARED } from '../view-wire.ts';
import { mayDo, sameNameKey, type Principal } from './access.ts';

/** What of a page's address is the view, and how often each may be there. */
const PARAMETERS = {
  containers: { q: 1, group: 1, cols: 1, sort: 1 },
  hosts: { q: 1, group: 1, cols: 1, sort: 1 },
  alerts: { q: 1 },
  compare: { series: MAX_COMPARED, last: 1, cpu: 1, as: 1 },
} as const satisfies Readonly<Record<string, Readonly<Record<string, number>>>>;

/** A page of which views are kept. */
export type ViewPage = keyof typeof PARAMETERS;

export const VIEW_PAGES = Object.keys(PARAMETERS) as [ViewPage, ...ViewPage[]];

/** What a page shows, such as filter, groups, columns and order of the containers, under a name. */
export interface SavedView {
  readonly id: string;
  readonly name: string;
  readonly page: ViewPage;
  /** Of the page's address, in one spelling: see {@link viewQuery}. */
  readonly query: string;
  /** Everybody without a label scope has it; else its owner alone. */
  readonly shared: boolean;
  /** Who made it: {@link ownerOf}. */
  readonly owner: string;
  /** The owner's name then. */
  readonly by: string;
}

export const MAX_VIEW_NAME = 64;
export const MAX_VIEW_QUERY = 2048;
/** Of one owner. */
export const MAX_OWN_VIEWS = 50;
export const MAX_SHARED_VIEWS = 100;
/** Of all owners, so that many accounts cannot fill the disk. */
export const MAX_VIEWS = 10_000;

/** The view that a page's address shows, in one spelling: equal for equal views. Whatever else is in the address is left out. */
export function viewQuery(search: string | URLSearchParams, page: ViewPage = 'containers'): string {
  const params = new URLSearchParams(search);
  const kept = Object.entries(PARAMETERS[page]).flatMap(([name, most]) =>
    params
      .getAll(name)
      .map((value) => value.trim())
      .filter((value) => value !== '')
      .slice(0, most)
      .map((value): [string, string] => [name, value]),
  );
  return new URLSearchParams(kept).toString();
}

/** Who owns what somebody makes: an account or a token, whatever it is called. */
export function ownerOf({ kind, id }: Pick<Principal, 'kind' | 'id'>): string {
  return `${kind}:${id}`;
}

/** Whether somebody has a view. What is shared may name what is outside of a label scope. */
export function seesView(principal: Principal, { owner, shared }: SavedView): boolean {
  return owner === ownerOf(principal) || (shared && principal.scope === undefined);
}

/** Whether somebody may change or remove a view that they have: what all have is in the editors' care. */
export function mayChangeView(principal: Principal, { owner, shared }: SavedView): boolean {
  return shared ? mayDo(principal, 'editor') : owner === ownerOf(principal);
}

/** Why a view cannot be kept among those that there are; `undefined` when it can. */
export function viewComplaint(view: SavedView, all: readonly SavedView[]): string | undefined {
  const others = all.filter(({ id }) => id !== view.id);
  const beside = others.filter(({ owner, shared }) => shared === view.shared && (shared || owner === view.owner));
  if (beside.some(({ name }) => sameNameKey(name) === sameNameKey(view.name)))
    return `there is a ${view.shared ? 'shared ' : ''}view ${view.name} already: choose another name`;
  const most = view.shared ? MAX_SHARED_VIEWS : MAX_OWN_VIEWS;
  if (beside.length >= most) return `there are ${most} ${view.shared ? 'shared ' : ''}views: delete some first`;
  return others.length >= MAX_VIEWS ? `there are ${MAX_VIEWS} views of all users: some have to be deleted` : undefined;
}

/** By name, as people look for them; the own before those of all. */
export function viewOrder(a: SavedView, b: SavedView): number {
  return Number(a.shared) - Number(b.shared) || a.name.localeCompare(b.name, 'en') || (a.id < b.id ? -1 : 1);
}
