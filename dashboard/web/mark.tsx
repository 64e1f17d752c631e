import type { ComponentChildren, JSX } from 'preact';

/** Every state of the page: each has its own shape, so that none is told by colour alone. */
export type MarkKind = 'ok' | 'late' | 'stale' | 'pending' | 'critical' | 'resolved' | 'off';

function Shape({ kind }: { readonly kind: MarkKind }): JSX.Element {
  switch (kind) {
    case 'ok':
      return <circle cx="6" cy="6" r="4" />;
    case 'late':
      return <path d="M6 1.2 11.2 10.6H.8z" />;
    case 'stale':
      return <path d="M6 .8 11.2 6 6 11.2.8 6z" />;
    case 'pending':
      return (
        <>
          <circle cx="6" cy="6" r="4.6" fill="none" stroke="currentColor" stroke-width="1.6" />
          <path d="M6 1.4a4.6 4.6 0 0 1 0 9.2z" />
        </>
      );
    case 'critical':
      return <rect x="1.4" y="1.4" width="9.2" height="9.2" rx="1" />;
    case 'resolved':
      return <path d="m1.8 6.4 2.8 2.8 5.6-6" fill="none" stroke="currentColor" stroke-width="2" />;
    case 'off':
      return <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" stroke-width="1.6" />;
  }
}

/** Shape, colour and word of a state. */
export function Mark({
  kind,
  children,
}: {
  readonly kind: MarkKind;
  readonly children?: ComponentChildren;
}): JSX.Element {
  return (
    <span class={`mark mark-${kind}`}>
      <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" fill="currentColor">
        <Shape kind={kind} />
      </svg>
      {children}
    </span>
  );
}
