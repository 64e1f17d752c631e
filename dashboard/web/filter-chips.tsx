import type { JSX } from 'preact';
import { withoutTerm, type Filter } from '../model/filter.ts';
import { Mark } from './mark.tsx';

interface ChipsProps {
  readonly text: string;
  readonly filter: {
    readonly terms: readonly { readonly source: string }[];
    readonly faults: Filter['faults'];
  };
  readonly onText: (text: string) => void;
}

function Remove({ source, onRemove }: { readonly source: string; readonly onRemove: () => void }): JSX.Element {
  return (
    <button type="button" class="chip-remove" onClick={onRemove} title={`Leave out ${source}`}>
      <span aria-hidden="true">×</span>
      <span class="visually-hidden">Leave out {source}</span>
    </button>
  );
}

/** What was understood, term by term, and at a term that was not the reason; each can be taken out. */
export function FilterChips({ text, filter, onText }: ChipsProps): JSX.Element {
  const remove = (term: { readonly source: string }) => (): void => {
    onText(withoutTerm(text, term));
  };
  return (
    <ul id="filter-chips" class="filter-chips" aria-label="Terms of the filter">
      {filter.terms.map((term, index) => (
        <li key={`${index} ${term.source}`} class="chip">
          <code>{term.source}</code>
          <Remove source={term.source} onRemove={remove(term)} />
        </li>
      ))}
      {filter.faults.map((fault, index) => (
        <li key={`fault ${index}`} class="chip chip-fault">
          <Mark kind="late">
            <code>{fault.source}</code>
          </Mark>
          <span class="chip-reason">{fault.reason}</span>
          <Remove source={fault.source} onRemove={remove(fault)} />
        </li>
      ))}
    </ul>
  );
}
