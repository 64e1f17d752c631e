import type { Suggestion, SuggestionsMessage } from '../wire.ts';

/** The text with a suggestion taken, and where the caret goes. */
export function takeSuggestion(
  text: string,
  { from, to }: Pick<SuggestionsMessage, 'from' | 'to'>,
  { insert }: Suggestion,
): { readonly text: string; readonly caret: number } {
  const after = insert.endsWith(' ') ? text.slice(to).trimStart() : text.slice(to);
  return { text: `${text.slice(0, from)}${insert}${after}`, caret: from + insert.length };
}
