import type { ComponentChildren, JSX } from 'preact';

/** Names and what they are, one line each. */
export function Facts({
  facts,
}: {
  readonly facts: readonly (readonly [name: string, value: ComponentChildren])[];
}): JSX.Element {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Why something could not be loaded; what was loaded before stays. */
export function Fault({ reason }: { readonly reason: string | undefined }): JSX.Element | null {
  if (reason === undefined) return null;
  return (
    <p class="fault" role="alert">
      {reason}
    </p>
  );
}
