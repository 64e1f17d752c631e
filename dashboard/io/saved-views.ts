import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../native/host/clock.ts';
import { lackOfRole, mayDo, type Principal } from '../model/access.ts';
import {
  MAX_VIEW_NAME,
  MAX_VIEW_QUERY,
  VIEW_PAGES,
  mayChangeView,
  ownerOf,
  seesView,
  viewComplaint,
  viewOrder,
  viewQuery,
  type SavedView,
} from '../model/saved-view.ts';
import { AccessRefused } from './access/refused.ts';
import type { Documents } from './documents.ts';

const name = z
  .string()
  .trim()
  .min(1, 'expected a name')
  .max(MAX_VIEW_NAME)
  .regex(/^[^\p{Cc}]*$/u, 'expected a name without control characters');
const query = z.string().max(MAX_VIEW_QUERY);
const page = z.enum(VIEW_PAGES);

export const newViewSchema = z.strictObject({
  name,
  query,
  page: page.default('containers'),
  shared: z.boolean().default(false),
});
export const changedViewSchema = z.strictObject({ name, query, page, shared: z.boolean() }).partial();

/** A view as it is kept. */
export const storedView = z.object({
  name: z.string(),
  query,
  // Of before there were others.
  page: page.default('containers'),
  shared: z.boolean(),
  owner: z.string(),
  by: z.string(),
});

/** Views that people gave names. Invariants: nobody is told of another's own; what is gone with its owner is gone. */
export class SavedViews {
  readonly #documents: Documents;
  readonly #clock: Clock;
  readonly #views = new Map<string, SavedView>();

  constructor(documents: Documents, clock: Clock, onCorrupt: (record: string, error: unknown) => void) {
    this.#documents = documents;
    this.#clock = clock;
    for (const { id, value } of documents.all('view')) {
      const view = storedView.safeParse(value);
      if (view.success) this.#views.set(id, { ...view.data, id });
      else onCorrupt(`view ${id}`, view.error);
    }
    documents.listen(({ kind, id, document }) => {
      if (document === undefined && (kind === 'user' || kind === 'token')) this.#forgetOf(ownerOf({ kind, id }));
    });
  }

  /** What somebody has, the own first. */
  of(principal: Principal): readonly SavedView[] {
    return [...this.#views.values()].filter((view) => seesView(principal, view)).sort(viewOrder);
  }

  /** @throws {AccessRefused | StoreError} */
  add(principal: Principal, made: z.infer<typeof newViewSchema>): SavedView {
    return this.#put(principal, { ...made, id: randomUUID(), owner: ownerOf(principal), by: principal.name });
  }

  /** @throws {AccessRefused | StoreError} */
  change(principal: Principal, id: string, over: z.infer<typeof changedViewSchema>): SavedView {
    const before = this.#changeable(principal, id);
    return this.#put(principal, {
      ...before,
      name: over.name ?? before.name,
      query: over.query ?? before.query,
      page: over.page ?? before.page,
      shared: over.shared ?? before.shared,
    });
  }

  /** @throws {AccessRefused | StoreError} */
  remove(principal: Principal, id: string): void {
    this.#changeable(principal, id);
    this.#views.delete(id);
    this.#documents.remove('view', id);
  }

  #changeable(principal: Principal, id: string): SavedView {
    const view = this.#views.get(id);
    // Another's own is not told apart from none.
    if (view === undefined || !seesView(principal, view)) throw new AccessRefused(404, 'there is no such view');
    if (!mayChangeView(principal, view)) throw new AccessRefused(403, lackOfRole(principal, 'editor'));
    return view;
  }

  #put(principal: Principal, given: SavedView): SavedView {
    const view = { ...given, query: viewQuery(given.query, given.page) };
    if (view.shared && !mayDo(principal, 'editor')) throw new AccessRefused(403, lackOfRole(principal, 'editor'));
    const complaint = viewComplaint(view, [...this.#views.values()]);
    if (complaint !== undefined) throw new AccessRefused(409, complaint);
    const { id, ...value } = view;
    this.#views.set(id, view);
    this.#documents.put({ kind: 'view', id, updatedAtUnixMs: this.#clock.nowMs(), value });
    return view;
  }

  /** What somebody shared stays for the others. */
  #forgetOf(owner: string): void {
    for (const view of [...this.#views.values()]) {
      if (view.owner !== owner || view.shared) continue;
      this.#views.delete(view.id);
      this.#documents.remove('view', view.id);
    }
  }
}
