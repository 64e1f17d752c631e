import type { ComponentChildren, JSX } from 'preact';
import type { Filter } from '../model/filter.ts';
import { formatSort, parseSort, SORT_KEYS, type Sort } from './container-rows.ts';
import { FilterChips } from './filter-chips.tsx';
import { FilterInput } from './filter-input.tsx';
import { formatCount } from './format.ts';
import { PauseIcon } from './icons.tsx';
import { isNarrow } from './media.ts';
import { orderPaused } from './order-pause.ts';

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

/** Every order, for pages too narrow to show every column's header. */
function SortSelect({ sort, onSort }: Pick<FilterBarProps, 'sort' | 'onSort'>): JSX.Element {
  const orders = SORT_KEYS.flatMap((key) => [
    { key, descending: true },
    { key, descending: false },
  ]);
  return (
    <label class="sort-select">
      <span>Sort by</span>
      <select
        value={formatSort(sort)}
        onChange={(event) => {
          onSort(parseSort(event.currentTarget.value));
        }}
      >
        {orders.map((order) => (
          <option key={formatSort(order)} value={formatSort(order)}>
            {SORT_NAMES[order.key]} {order.descending ? '↓' : '↑'}
          </option>
        ))}
      </select>
    </label>
  );
}

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
        <span class="order-paused" hidden={!orderPaused.value}>
          <PauseIcon /> order paused
        </span>
      </div>
      <div class="filter-line">
        <FilterInput label="Filter containers" text={text} hasFaults={filter.faults.length > 0} onText={onText} />
        {isNarrow.value ? <SortSelect sort={sort} onSort={onSort} /> : null}
        {children}
        <Grammar />
      </div>
      <FilterChips text={text} filter={filter} onText={onText} />
    </div>
  );
}
