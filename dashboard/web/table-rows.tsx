import type { JSX } from 'preact';
import { chosenClass } from './chosen-mark.tsx';
import type { RowFacts } from './container-cells.tsx';
import type { ContainerColumn, GroupFacts } from './container-columns.tsx';
import { plural } from './format.ts';
import { GroupToggle } from './group-toggle.tsx';
import type { Group } from './grouping.ts';
import { lineOf } from './links.ts';

const classesOf = (column: ContainerColumn): string => `col-${column.key} ${column.numeric ? 'numeric' : ''}`;

interface LineProps {
  readonly columns: readonly ContainerColumn[];
  readonly position: number;
}

/** One container. */
export function Row({ facts, columns, position }: LineProps & { readonly facts: RowFacts }): JSX.Element {
  const stale = facts.container.state === 'stale' ? 'is-stale' : '';
  return (
    <tr aria-rowindex={position + 2} class={`${stale} ${chosenClass(lineOf(facts.container))}`.trim()}>
      {columns.map((column) =>
        column.key === 'name' ? (
          <th key={column.key} scope="row" class={classesOf(column)}>
            {column.cell(facts)}
          </th>
        ) : (
          <td key={column.key} class={classesOf(column)}>
            {column.cell(facts)}
          </td>
        ),
      )}
    </tr>
  );
}

interface GroupRowProps extends LineProps {
  readonly group: Group;
  readonly isOpen: boolean;
  /** How many of its containers are not as they should be. */
  readonly troubled: number;
  readonly facts: GroupFacts;
  readonly onToggle: () => void;
}

/** One group with its sums and its worst state; opens and closes its rows. */
export function GroupRow({ group, isOpen, troubled, facts, columns, position, onToggle }: GroupRowProps): JSX.Element {
  return (
    <tr aria-rowindex={position + 2} class="group-row">
      {columns.map((column) =>
        column.key === 'name' ? (
          <th key={column.key} scope="row" class={classesOf(column)}>
            <GroupToggle
              label={group.label}
              members={plural(group.ids.length, 'container')}
              trouble="stale, late or unhealthy"
              {...{ isOpen, troubled, onToggle }}
            />
          </th>
        ) : (
          <td key={column.key} class={classesOf(column)}>
            {column.total?.(facts)}
          </td>
        ),
      )}
    </tr>
  );
}
