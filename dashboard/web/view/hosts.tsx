import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { mostExcludingTerm } from '../../model/filter-match.ts';
import { parseFilter, type Filter } from '../../model/filter.ts';
import { parseColumns } from '../column-choice.ts';
import { NoAgents, Waiting } from '../empty.tsx';
import { exportHosts } from '../export-list.ts';
import { FilterChips } from '../filter-chips.tsx';
import { FilterInput } from '../filter-input.tsx';
import { formatCount } from '../format.ts';
import { HOST_COLUMNS } from '../host-columns.tsx';
import { HOST_GROUP_FIELDS, parseHostGroupBy } from '../host-groups.ts';
import { filterHosts, hostSubject, parseHostSort, type HostRow } from '../host-rows.ts';
import { HostTable } from '../host-table.tsx';
import { ColumnChooser, ExportMenu, GroupSelect, labelNames } from '../list-tools.tsx';
import { isNarrow } from '../media.ts';
import { NoMatch } from '../no-match.tsx';
import { OrderPaused } from '../order-paused.tsx';
import { usePage, useQuery } from '../page.ts';
import { SortSelect } from '../sort-select.tsx';
import { inventory } from '../store.ts';
import { currentHostRows, useHostOrder } from '../use-host-rows.ts';
import { ViewsMenu } from '../views-menu.tsx';

const ORDERS = HOST_COLUMNS.all.map(({ key, header }) => ({ key, name: header.toLowerCase() }));

/** The term without which most hosts would be left. */
function blamedFor(filter: Filter, rows: readonly HostRow[]): { source: string; matchesWithout: number } | undefined {
  const blamed = mostExcludingTerm(filter, rows.map(hostSubject));
  return blamed === undefined ? undefined : { source: blamed.term.source, matchesWithout: blamed.matchesWithout };
}

/** Every host with what it is and what it does. The address holds filter, order, groups and columns. */
export function Hosts(): JSX.Element {
  usePage('Hosts', { view: 'hosts' });
  const { params, setParams } = useQuery();
  const text = params.get('q') ?? '';
  const filter = useMemo(() => parseFilter(text), [text]);
  const sort = parseHostSort(params.get('sort'));
  const groupBy = parseHostGroupBy(params.get('group'));
  const chosen = parseColumns(params.get('cols'), HOST_COLUMNS);
  const all = currentHostRows();
  const rows = useHostOrder(filterHosts(all, filter), sort);
  const change = (name: string) => (value: string) => {
    const next = new URLSearchParams(params);
    if (value === '') next.delete(name);
    else next.set(name, value);
    setParams(next, { replace: true });
  };
  const onText = change('q');
  const onSort = change('sort');
  if (inventory.value === undefined) return <Waiting title="Hosts" />;
  return (
    <div class="stack hosts-page">
      <div class="filter-bar">
        <div class="page-head">
          <h1>Hosts</h1>
          <span class="match-count muted">
            {text.trim() === '' ? formatCount(all.length) : `${formatCount(rows.length)} of ${formatCount(all.length)}`}
          </span>
          <OrderPaused />
        </div>
        <div class="filter-line">
          <FilterInput label="Filter hosts" text={text} hasFaults={filter.faults.length > 0} onText={onText} />
          {isNarrow.value ? (
            <SortSelect value={`${sort.descending ? '-' : ''}${sort.key}`} orders={ORDERS} onSort={onSort} />
          ) : null}
          <GroupSelect
            groupBy={groupBy}
            fields={HOST_GROUP_FIELDS}
            labels={labelNames(all.map(({ host }) => ({ labels: host.tags })))}
            onGroup={change('group')}
          />
          {isNarrow.value ? null : <ColumnChooser columns={HOST_COLUMNS} chosen={chosen} onColumns={change('cols')} />}
          <ViewsMenu page="hosts" params={params} />
          <ExportMenu name="hosts" rows={() => exportHosts(rows)} />
        </div>
        <FilterChips text={text} filter={filter} onText={onText} />
      </div>
      {all.length === 0 ? <NoAgents level={2} /> : null}
      {all.length > 0 && rows.length === 0 ? (
        <NoMatch what="host" blamed={blamedFor(filter, all)} {...{ text, onText }} />
      ) : null}
      {rows.length > 0 ? <HostTable {...{ rows, groupBy, chosen, sort, onSort }} /> : null}
    </div>
  );
}
