import type { Context } from 'hono';
import type { Env } from '../http.ts';
import { problemOf } from './access.ts';

export type Handler = (context: Context<Env>) => Response | Promise<Response>;

/** What each handler of the API stands behind; who may pass is decided by the gate in front of all of them. */
export interface Doors {
  readonly reading: (handler: Handler) => Handler;
  readonly changing: (handler: Handler) => Handler;
}

/** What a change refuses is told as a problem; what is not the asker's fault is thrown on. */
export const DOORS: Doors = {
  reading: (handler) => handler,
  changing: (handler) => async (context) => {
    try {
      return await handler(context);
    } catch (error) {
      return problemOf(context, error);
    }
  },
};
