import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { mostExcludingTerm } from '../../model/filter-match.ts';
import { lastingFilter, parseFilter, type Filter } from '../../model/filter.ts';
import type { InventoryMessage } from '../../wire.ts';
import { DEFAULT_SORT, filterSubject, formatSort, parseSort, type Sort } from '../container-rows.ts';
import { parseColumns } from '../column-choice.ts';
import { CONTAINER_COLUMNS } from '../container-columns.tsx';
import { ContainerTable } from '../container-table.tsx';
import { Empty, NoAgents, Waiting } from '../empty.tsx';
import { FilterBar } from '../filter-bar.tsx';
import { plural } from '../format.ts';
import { GROUP_FIELDS, parseGroupBy } from '../grouping.ts';
import { ColumnChooser, ExportMenu, GroupSelect, labelNames, shownRows } from '../list-tools.tsx';
import { NoMatch } from '../no-match.tsx';
import { isNarrow } from '../media.ts';
import { usePage, useQuery } from '../page.ts';
import { isAnswered } from '../socket.ts';
import { containers, hasFrame, hosts, inventory, lastFrame } from '../store.ts';
import { useOrder } from '../use-order.ts';
import { useSettled } from '../use-settled.ts';
import { ViewsMenu } from '../views-menu.tsx';

/** A term that compares values, among the containers that the others let through. */
function mostExcludingHere(filter: Filter): InventoryMessage['mostExcluding'] {
  const block = lastFrame.value?.containers;
  const subjects = containers.value.map((container, row) => filterSubject(container, block, row));
  const blamed = mostExcludingTerm(filter, subjects);
  return blamed === undefined ? undefined : { source: blamed.term.source, matchesWithout: blamed.matchesWithout };
}

const blamedFor = (filter: Filter): InventoryMessage['mostExcluding'] =>
  inventory.value?.mostExcluding ?? mostExcludingHere(filter);

function NoContainers(): JSX.Element {
  if (hosts.value.length === 0) return <NoAgents level={2} />;
  return (
    <Empty title="No containers" level={2}>
      <p>
        {plural(hosts.value.length, 'host')} reported, and none runs a container. One that starts appears here by
        itself.
      </p>
    </Empty>
  );
}

/** Every container of every host. The address holds filter, order, groups and columns. */
export function Containers(): JSX.Element {
  const { params, setParams } = useQuery();
  const text = params.get('q') ?? '';
  usePage('Containers', { view: 'containers', filter: useSettled(lastingFilter(text)) });
  const sort = parseSort(params.get('sort'));
  const groupBy = parseGroupBy(params.get('group'));
  const chosen = parseColumns(params.get('cols'), CONTAINER_COLUMNS);
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

  if (inventory.value === undefined || !hasFrame.value) return <Waiting title="Containers" />;
  const total = inventory.value.totalContainers;
  // The rows of the filter before this one may not have what this one lets through.
  const isEmpty = ordered.keys.length === 0 && isAnswered.value;
  return (
    <div class="containers-page">
      <FilterBar {...{ text, filter, sort, onText, onSort, total }} matches={ordered.keys.length}>
        <GroupSelect
          groupBy={groupBy}
          fields={GROUP_FIELDS}
          labels={labelNames(containers.value)}
          onGroup={(wanted) => {
            change('group', wanted);
          }}
        />
        {isNarrow.value ? null : (
          <ColumnChooser
            columns={CONTAINER_COLUMNS}
            chosen={chosen}
            onColumns={(wanted) => {
              change('cols', wanted);
            }}
          />
        )}
        <ViewsMenu page="containers" params={params} />
        <ExportMenu name="containers" rows={() => shownRows(ordered.keys)} />
      </FilterBar>
      {ordered.keys.length > 0 ? <ContainerTable {...{ ordered, groupBy, chosen, sort, onSort }} /> : null}
      {total === 0 ? <NoContainers /> : null}
      {total > 0 && isEmpty ? <NoMatch what="container" blamed={blamedFor(filter)} {...{ text, onText }} /> : null}
    </div>
  );
}
