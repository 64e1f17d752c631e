import type { JSX } from 'preact';
import { Mark } from './mark.tsx';

export interface GroupToggleProps {
  /** `undefined` of those that have none. */
  readonly label: string | undefined;
  /** `3 hosts`. */
  readonly members: string;
  readonly isOpen: boolean;
  /** How many of its members are not as they should be, and in which ways they may not be. */
  readonly troubled: number;
  readonly trouble: string;
  readonly onToggle: () => void;
}

/** Opens and closes the rows of a group. */
export function GroupToggle({ label, members, isOpen, troubled, trouble, onToggle }: GroupToggleProps): JSX.Element {
  return (
    <button type="button" class="group-toggle" aria-expanded={isOpen} onClick={onToggle}>
      <span class="group-arrow" aria-hidden="true">
        {isOpen ? '▾' : '▸'}
      </span>
      <span class="group-name">{label ?? 'none'}</span>
      <span class="muted">{members}</span>
      {troubled > 0 ? <Mark kind="late">{troubled}</Mark> : null}
      {troubled > 0 ? <span class="visually-hidden">{trouble}</span> : null}
    </button>
  );
}
