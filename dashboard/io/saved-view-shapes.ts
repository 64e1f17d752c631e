import { z } from 'zod';

/** A saved view, as who has it is told. */
export const view = z.strictObject({
  id: z.string(),
  name: z.string(),
  query: z.string().describe("Of the address of the containers' page: `q`, `group`, `cols`, `sort`."),
  shared: z.boolean(),
  by: z.string(),
  own: z.boolean(),
  mayChange: z.boolean(),
});

export const viewBody = view.pick({ name: true, query: true, shared: true }).partial({ shared: true });
