import { TextPages } from '../../../statsd/model/text-pages.ts';

/** The pages of a text, each copied: its bytes do not stand for long. */
export function pagesOf(render: (pages: TextPages) => Iterable<Uint8Array>): Buffer[] {
  const pages = new TextPages();
  const taken = Array.from(render(pages), (page) => Buffer.from(page));
  return pages.isEmpty ? taken : [...taken, Buffer.from(pages.take())];
}

/** The whole text. */
export const textOf = (render: (pages: TextPages) => Iterable<Uint8Array>): string =>
  Buffer.concat(pagesOf(render)).toString();
