import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { parseFilter } from '../../model/filter.ts';
import { Empty, NoAgents, Waiting } from '../empty.tsx';
import { FilterChips } from '../filter-chips.tsx';
import { FilterInput } from '../filter-input.tsx';
import { formatCount, plural } from '../format.ts';
import { filterHosts, parseHostSort } from '../host-rows.ts';
import { HostTable } from '../host-table.tsx';
import { usePage, useQuery } from '../page.ts';
import { inventory } from '../store.ts';
import { exportHosts } from '../export-list.ts';
import { ExportMenu } from '../list-tools.tsx';
import { ViewsMenu } from '../views-menu.tsx';
import { currentHostRows, useHostOrder } from '../use-host-rows.ts';

/** More rows than anybody reads cost more than a repaint may. */
const MOST_SHOWN = 300;

/** Every host with what it is and what it does. The address holds filter and order. */
export function Hosts(): JSX.Element {
  usePage('Hosts', { view: 'hosts' });
  const { params, setParams } = useQuery();
  const text = params.get('q') ?? '';
  const filter = useMemo(() => parseFilter(text), [text]);
  const sort = parseHostSort(params.get('sort'));
  const all = currentHostRows();
  const rows = useHostOrder(filterHosts(all, filter), sort);
  const change = (name: string, value: string): void => {
    const next = new URLSearchParams(params);
    if (value === '') next.delete(name);
    else next.set(name, value);
    setParams(next, { replace: true });
  };
  const onText = (value: string): void => {
    change('q', value);
  };
  if (inventory.value === undefined) return <Waiting title="Hosts" />;
  return (
    <div class="stack">
      <div class="filter-bar">
        <div class="page-head">
          <h1>Hosts</h1>
          <span class="match-count muted">
            {text.trim() === '' ? formatCount(all.length) : `${formatCount(rows.length)} of ${formatCount(all.length)}`}
          </span>
        </div>
        <div class="filter-line">
          <FilterInput label="Filter hosts" text={text} hasFaults={filter.faults.length > 0} onText={onText} />
          <ViewsMenu page="hosts" params={params} />
          <ExportMenu name="hosts" rows={() => exportHosts(rows)} />
        </div>
        <FilterChips text={text} filter={filter} onText={onText} />
      </div>
      {all.length === 0 ? <NoAgents level={2} /> : null}
      {all.length > 0 && rows.length === 0 ? (
        <Empty title="No host matches" level={2}>
          <p>
            {plural(all.length, 'host')} reported.{' '}
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
      ) : null}
      {rows.length > 0 ? (
        <HostTable
          rows={rows.slice(0, MOST_SHOWN)}
          sort={sort}
          onSort={(wanted) => {
            change('sort', wanted);
          }}
        />
      ) : null}
      {rows.length > MOST_SHOWN ? (
        <p class="muted">The first {MOST_SHOWN} are shown: a filter finds the others.</p>
      ) : null}
    </div>
  );
}
