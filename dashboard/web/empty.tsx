import type { ComponentChildren, JSX } from 'preact';

/** Before the server's first answer. */
export function Waiting({ title }: { readonly title: string }): JSX.Element {
  return (
    <section class="empty" aria-busy="true">
      <h1>{title}</h1>
      <p>Waiting for the server’s first answer…</p>
    </section>
  );
}

/** A state without rows: what it means and what to do. */
export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <div class="empty">
      <h3>{title}</h3>
      {children}
    </div>
  );
}

/** No agent has ever reported: the command that changes it. */
export function NoAgents(): JSX.Element {
  return (
    <Empty title="No agent has reported yet">
      <p>On each host, run the stats agent and point it here:</p>
      <pre tabIndex={0}>
        <code>{`weft statsd --dashboard ${location.origin} --agent-token-file agent-token`}</code>
      </pre>
      <p>
        The file <code>agent-token</code> is in the data folder of this dashboard; copy it to the host. This page shows
        the host as soon as its agent connects.
      </p>
    </Empty>
  );
}
