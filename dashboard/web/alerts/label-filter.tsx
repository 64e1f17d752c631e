import type { ComponentChildren, JSX } from 'preact';
import { readLabelFilter, type LabelTerms } from '../../model/alert/label-filter.ts';
import { suggestLabels } from '../../model/alert/label-suggest.ts';
import type { Labels } from '../../model/alert/matcher.ts';
import { FilterChips } from '../filter-chips.tsx';
import { FilterInput } from '../filter-input.tsx';
import { useQuery } from '../page.ts';

/** A filter of alerts that the address holds. */
export interface AddressFilter {
  readonly text: string;
  readonly filter: LabelTerms;
  readonly onText: (text: string) => void;
}

export function useAddressFilter(): AddressFilter {
  const { params, setParams } = useQuery();
  const text = params.get('q') ?? '';
  return {
    text,
    filter: readLabelFilter(text),
    onText: (value) => {
      const next = new URLSearchParams(params);
      if (value === '') next.delete('q');
      else next.set('q', value);
      setParams(next, { replace: true });
    },
  };
}

interface LabelFilterProps extends AddressFilter {
  /** Further tools of the list. */
  readonly children?: ComponentChildren;
  readonly label: string;
  /** What suggestions are made of. */
  readonly of: readonly Labels[];
}

/** The one grammar of filters over labels of alerts, with what it understood. */
export function LabelFilterBar({ label, of, text, filter, onText, children }: LabelFilterProps): JSX.Element {
  return (
    <div class="label-filter">
      <div class="filter-line">
        <FilterInput
          label={label}
          text={text}
          hasFaults={filter.faults.length > 0}
          suggest={(request) => suggestLabels(request, of)}
          placeholder="Filter, such as  host:h1 severity:critical -name:test"
          onText={onText}
        />
        {children}
      </div>
      <FilterChips text={text} filter={filter} onText={onText} />
    </div>
  );
}
