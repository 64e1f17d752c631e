import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Filter } from '../model/filter.ts';
import { formatSort, parseSort, SORT_KEYS, type Sort } from './container-rows.ts';
import { formatCount } from './format.ts';
import { isNarrow } from './media.ts';
import { FILTER_INPUT_ID } from './shortcuts.ts';
import { orderPaused } from './use-order.ts';

interface FilterBarProps {
  readonly text: string;
  readonly filter: Filter;
  readonly matches: number;
  readonly total: number;
  readonly sort: Sort;
  readonly onText: (text: string) => void;
  readonly onSort: (sort: Sort) => void;
}

const EXAMPLES = [
  { term: 'web', means: 'a word in the name, host, image, runtime or a label' },
  { term: 'host:h1', means: 'also name: image: runtime: state: label:team=a; * stands for anything' },
  { term: 'cpu>50%', means: 'of the limit; cpu>0.5 is cores; also read> write> pids>' },
  { term: 'mem>64MiB', means: 'working set; mem>80% is of the limit' },
  { term: '-tmp', means: 'without; all terms must hold' },
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
  image: 'image',
  runtime: 'runtime',
  cpu: 'CPU',
  cores: 'cores',
  memory: 'memory',
  limit: 'share of memory limit',
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
export function FilterBar({ text, filter, matches, total, sort, onText, onSort }: FilterBarProps): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (location.hash === `#${FILTER_INPUT_ID}`) input.current?.focus();
  }, []);
  const leave = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') input.current?.blur();
  };
  return (
    <div class="filter-bar">
      <div class="page-head">
        <h1>Containers</h1>
        <Count matches={matches} total={total} text={text} />
        <span class="order-paused" hidden={!orderPaused.value}>
          ⏸ order paused
        </span>
      </div>
      <div class="filter-line">
        <label class="visually-hidden" for={FILTER_INPUT_ID}>
          Filter containers
        </label>
        <input
          ref={input}
          id={FILTER_INPUT_ID}
          type="search"
          value={text}
          placeholder="Filter, such as  web host:h1 cpu>50% mem>64MiB"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          title="Filter (/)"
          aria-invalid={filter.faults.length > 0}
          aria-describedby="filter-faults"
          onInput={(event) => {
            onText(event.currentTarget.value);
          }}
          onKeyDown={leave}
        />
        {isNarrow.value ? <SortSelect sort={sort} onSort={onSort} /> : null}
        <Grammar />
      </div>
      <p id="filter-faults" class="filter-faults" hidden={filter.faults.length === 0}>
        {filter.faults.join('. ')}
      </p>
    </div>
  );
}
