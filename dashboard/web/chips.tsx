import type { JSX } from 'preact';

interface ChipsProps {
  readonly labels: Readonly<Record<string, string>>;
  /** Names that are said elsewhere. */
  readonly without?: readonly string[];
}

/** Names and values, such as an alert's labels. */
export function Chips({ labels, without = [] }: ChipsProps): JSX.Element {
  const shown = Object.entries(labels).filter(([name]) => !without.includes(name));
  return (
    <span class="chips">
      {shown.map(([name, value]) => (
        <span key={name} class="chip">
          <span class="chip-name">{name}</span>
          {value}
        </span>
      ))}
    </span>
  );
}
