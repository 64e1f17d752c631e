import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { useSearchParams } from 'wouter-preact';
import { mostExcludingTerm, parseFilter, withoutTerm, type Filter } from '../../model/filter.ts';
import { DEFAULT_SORT, filterSubject, formatSort, parseSort, type Sort } from '../container-rows.ts';
import { ContainerTable } from '../container-table.tsx';
import { Empty, NoAgents, Waiting } from '../empty.tsx';
import { FilterBar } from '../filter-bar.tsx';
import { plural } from '../format.ts';
import { containers, hosts, inventory, lastFrame } from '../store.ts';
import { useOrder } from '../use-order.ts';

interface NoMatchProps {
  readonly text: string;
  readonly filter: Filter;
  readonly onText: (text: string) => void;
}

function NoMatch({ text, filter, onText }: NoMatchProps): JSX.Element {
  const block = lastFrame.value?.containers;
  const subjects = containers.value.map((container, row) => filterSubject(container, block, row));
  const blamed = mostExcludingTerm(filter, subjects);
  return (
    <Empty title="No container matches">
      {blamed === undefined ? (
        <p>No single term is to blame.</p>
      ) : (
        <p>
          Without <code>{blamed.term.source}</code> there would be {plural(blamed.matchesWithout, 'container')}.{' '}
          <button
            type="button"
            class="button"
            onClick={() => {
              onText(withoutTerm(text, blamed.term));
            }}
          >
            Leave it out
          </button>
        </p>
      )}
      <p>
        <button
          type="button"
          class="button"
          onClick={() => {
            onText('');
          }}
        >
          Show all
        </button>
      </p>
    </Empty>
  );
}

function NoContainers(): JSX.Element {
  if (hosts.value.length === 0) return <NoAgents />;
  return (
    <Empty title="No containers">
      <p>
        {plural(hosts.value.length, 'host')} reported, and none runs a container. One that starts appears here by
        itself.
      </p>
    </Empty>
  );
}

/** Every container of every host. The address holds filter and order. */
export function Containers(): JSX.Element {
  const [params, setParams] = useSearchParams();
  const text = params.get('q') ?? '';
  const sort = parseSort(params.get('sort'));
  const filter = useMemo(() => parseFilter(text), [text]);
  const ordered = useOrder(filter, sort);

  const change = (name: string, value: string): void => {
    const next = new URLSearchParams(params);
    if (value === '') next.delete(name);
    else next.set(name, value);
    setParams(next, { replace: true });
  };
  const onText = (value: string): void => {
    change('q', value);
  };
  const onSort = (wanted: Sort): void => {
    change('sort', formatSort(wanted) === formatSort(DEFAULT_SORT) ? '' : formatSort(wanted));
  };

  if (inventory.value === undefined) return <Waiting title="Containers" />;
  const total = containers.value.length;
  return (
    <div class="containers-page">
      <FilterBar {...{ text, filter, sort, onText, onSort, total }} matches={ordered.keys.length} />
      {ordered.keys.length > 0 ? <ContainerTable {...{ ordered, sort, onSort }} /> : null}
      {total === 0 ? <NoContainers /> : null}
      {total > 0 && ordered.keys.length === 0 ? <NoMatch {...{ text, filter, onText }} /> : null}
    </div>
  );
}
