import type { JSX } from 'preact';
import { chosenClass } from './chosen-mark.tsx';
import { usualColumns } from './column-choice.ts';
import { FactTable, type FactGroup } from './fact-table.tsx';
import { plural } from './format.ts';
import { GroupToggle } from './group-toggle.tsx';
import { HOST_COLUMNS, hostColumns } from './host-columns.tsx';
import { hostGroups, type HostGroupBy } from './host-groups.ts';
import type { HostRow, HostSort } from './host-rows.ts';
import { isNarrow } from './media.ts';
import { HOLD_ORDER } from './order-pause.ts';
import { useOpenGroups, type OpenGroups } from './use-open-groups.ts';

/** More rows than anybody reads cost more than a repaint may. */
const MOST_SHOWN = 200;

/** What every table of hosts has in common. */
export const HOST_ROWS = {
  label: 'Hosts',
  keyOf: ({ host }: HostRow): string => host.nodeId,
  rowClass: ({ host }: HostRow): string =>
    `${host.state === 'stale' ? 'is-stale' : ''} ${chosenClass(host.nodeId)}`.trim(),
};

interface HostTableProps {
  /** In order. */
  readonly rows: readonly HostRow[];
  readonly groupBy: HostGroupBy;
  /** Those that somebody chose; without it the usual ones. */
  readonly chosen: typeof HOST_COLUMNS.all | undefined;
  readonly sort: HostSort;
  readonly onSort: (sort: string) => void;
}

interface Shown {
  readonly groups: readonly FactGroup<HostRow>[];
  /** Of the groups that are open, more than are shown. */
  readonly isCut: boolean;
}

/** The groups with those of their hosts that are shown. */
function shownGroups(
  rows: readonly HostRow[],
  groupBy: NonNullable<HostGroupBy>,
  { open, onToggle }: OpenGroups,
): Shown {
  let room = MOST_SHOWN;
  let isCut = false;
  const groups = hostGroups(rows, groupBy).map(({ label, rows: members }) => {
    const isOpen = open.has(label);
    const shown = isOpen ? members.slice(0, room) : [];
    room -= shown.length;
    isCut ||= isOpen && shown.length < members.length;
    const head = (
      <GroupToggle
        label={label}
        members={plural(members.length, 'host')}
        isOpen={isOpen}
        troubled={members.filter(({ host }) => host.state !== 'live').length}
        trouble="late or stale"
        onToggle={() => {
          onToggle(label);
        }}
      />
    );
    return { key: label ?? '', head, members, shown };
  });
  return { groups, isCut };
}

/** Hosts with what they do, in an order that holds still under the pointer. */
export function HostTable({ rows, groupBy, chosen, sort, onSort }: HostTableProps): JSX.Element {
  const opening = useOpenGroups(groupBy);
  const grouped = groupBy === undefined ? undefined : shownGroups(rows, groupBy, opening);
  const columns = hostColumns(
    isNarrow.value ? usualColumns(HOST_COLUMNS) : (chosen ?? usualColumns(HOST_COLUMNS)),
    rows,
  );
  const isCut = grouped === undefined ? rows.length > MOST_SHOWN : grouped.isCut;
  return (
    <>
      <div class="host-table" {...HOLD_ORDER}>
        <FactTable
          {...HOST_ROWS}
          columns={columns}
          rows={rows.slice(0, MOST_SHOWN)}
          groups={grouped?.groups}
          sorting={{ ...sort, onSort }}
        />
      </div>
      {isCut ? <p class="muted">The first {MOST_SHOWN} are shown: a filter finds the others.</p> : null}
    </>
  );
}
