import { z } from 'zod';
import { VIEW_PAGES } from '../model/saved-view.ts';

/** A saved view, as who has it is told. */
export const view = z.strictObject({
  id: z.string(),
  name: z.string(),
  page: z.enum(VIEW_PAGES).describe('`containers` unless it is said.'),
  query: z
    .string()
    .describe(
      "Of the page's address: of containers `q`, `group`, `cols`, `sort`; of hosts `q`, `sort`; of alerts `q`; of compare `series`, `last`, `cpu`, `as`.",
    ),
  shared: z.boolean(),
  by: z.string(),
  own: z.boolean(),
  mayChange: z.boolean(),
});

export const viewBody = view
  .pick({ name: true, page: true, query: true, shared: true })
  .partial({ page: true, shared: true });
