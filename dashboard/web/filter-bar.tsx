import type { ComponentChildren, JSX } from 'preact';
import type { Filter } from '../model/filter.ts';
import { formatSort, parseSort, SORT_KEYS, type Sort } from './container-rows.ts';
import { FilterChips } from './filter-chips.tsx';
import { FilterInput } from './filter-input.tsx';
import { formatCount } from './format.ts';
import { isNarrow } from './media.ts';
import { OrderPaused } from './order-paused.tsx';
import { SortSelect } from './sort-select.tsx';

interface FilterBarProps {
  readonly text: string;
  readonly filter: Filter;
  readonly matches: number;
  readonly total: number;
  readonly sort: Sort;
  readonly onText: (text: string) => void;
  readonly onSort: (sort: Sort) => void;
  /** Further tools of the list. */
  readonly children?: ComponentChildren;
}

const EXAMPLES = [
  { term: 'web', means: 'a word in the name, host, image, runtime or a label' },
  { term: 'host:h1', means: 'also name: project: service: image: runtime: state: label:team=a; * stands for anything' },
  { term: 'name:~^api-[0-9]+$', means: 'a regular expression, found anywhere unless ^ or $ bind it' },
  { term: 'cpu>50%', means: 'of the limit; cpu>0.5 is cores; also throttled> read> write> rx> tx> pids>' },
  { term: 'mem>64MiB', means: 'working set; mem>80% is of the limit' },
  { term: '-name:~tmp', means: 'without; all terms must hold' },
] as const;

function Grammar(): JSX.Element {
  return (
    <details class="grammar">
      <summary>How to filter</summary>
      <dl>
        {EXAMPLES.map(({ term, means }) => (
          <div key={term}>
            <dt>
              <code>{term}</code>
            </dt>
            <dd>{means}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

const SORT_NAMES: Readonly<Record<Sort['key'], string>> = {
  name: 'name',
  host: 'host',
  project: 'project',
  service: 'service',
  image: 'image',
  runtime: 'runtime',
  cpu: 'CPU',
  cores: 'cores',
  memory: 'memory',
  limit: 'share of memory limit',
  throttled: 'throttling',
  rx: 'received',
  tx: 'sent',
  read: 'read',
  write: 'write',
  pids: 'PIDs',
  age: 'age',
};

const ORDERS = SORT_KEYS.map((key) => ({ key, name: SORT_NAMES[key] }));

function Count({ matches, total, text }: Pick<FilterBarProps, 'matches' | 'total' | 'text'>): JSX.Element {
  const all = text.trim() === '';
  return (
    <span class="match-count muted">
      {all ? formatCount(total) : `${formatCount(matches)} of ${formatCount(total)}`}
    </span>
  );
}

/** The filter box with what it understood, the number of matches and the state of the order. */
export function FilterBar({
  text,
  filter,
  matches,
  total,
  sort,
  onText,
  onSort,
  children,
}: FilterBarProps): JSX.Element {
  return (
    <div class="filter-bar">
      <div class="page-head">
        <h1>Containers</h1>
        <Count matches={matches} total={total} text={text} />
        <OrderPaused />
      </div>
      <div class="filter-line">
        <FilterInput label="Filter containers" text={text} hasFaults={filter.faults.length > 0} onText={onText} />
        {isNarrow.value ? (
          <SortSelect
            value={formatSort(sort)}
            orders={ORDERS}
            onSort={(wanted) => {
              onSort(parseSort(wanted));
            }}
          />
        ) : null}
        {children}
        <Grammar />
      </div>
      <FilterChips text={text} filter={filter} onText={onText} />
    </div>
  );
}
