import type { JSX } from 'preact';

interface SortSelectProps {
  /** As in the address: `-cpu` is the largest first. */
  readonly value: string;
  readonly orders: readonly { readonly key: string; readonly name: string }[];
  readonly onSort: (sort: string) => void;
}

/** Every order, for pages too narrow to show every column's header. */
export function SortSelect({ value, orders, onSort }: SortSelectProps): JSX.Element {
  return (
    <label class="sort-select">
      <span>Sort by</span>
      <select
        value={value}
        onChange={(event) => {
          onSort(event.currentTarget.value);
        }}
      >
        {orders.flatMap(({ key, name }) => [
          <option key={`-${key}`} value={`-${key}`}>
            {name} ↓
          </option>,
          <option key={key} value={key}>
            {name} ↑
          </option>,
        ])}
      </select>
    </label>
  );
}
