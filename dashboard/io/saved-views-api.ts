import type { Context, Hono } from 'hono';
import type { Principal } from '../model/access.ts';
import { mayChangeView, ownerOf, type SavedView } from '../model/saved-view.ts';
import { principalOf } from './access/gate.ts';
import { jsonObject, problemOf } from './alerts/access.ts';
import type { Env } from './http.ts';
import { changedViewSchema, newViewSchema, type SavedViews } from './saved-views.ts';

const viewJson = (principal: Principal, view: SavedView): object => {
  const { id, name, page, query, shared, by, owner } = view;
  return {
    id,
    name,
    page,
    query,
    shared,
    by,
    own: owner === ownerOf(principal),
    mayChange: mayChangeView(principal, view),
  };
};

/** Views that people gave names: the own, and those of all. */
export function addSavedViews(api: Hono<Env>, views: SavedViews): void {
  const told =
    (work: (context: Context<Env>, principal: Principal) => Response | Promise<Response>) =>
    async (context: Context<Env>): Promise<Response> => {
      try {
        return await work(context, principalOf(context));
      } catch (error) {
        return problemOf(context, error);
      }
    };
  api.get(
    '/views',
    told((context, principal) => context.json({ views: views.of(principal).map((view) => viewJson(principal, view)) })),
  );
  api.post(
    '/views',
    told(async (context, principal) => {
      const made = newViewSchema.parse((await jsonObject(context)) ?? {});
      return context.json(viewJson(principal, views.add(principal, made)), 201);
    }),
  );
  api.put(
    '/views/:id',
    told(async (context, principal) => {
      const over = changedViewSchema.parse((await jsonObject(context)) ?? {});
      return context.json(viewJson(principal, views.change(principal, context.req.param('id') ?? '', over)));
    }),
  );
  api.delete(
    '/views/:id',
    told((context, principal) => {
      views.remove(principal, context.req.param('id') ?? '');
      return context.json({});
    }),
  );
}
