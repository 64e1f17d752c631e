import type { ComponentChildren, JSX } from 'preact';
import { Link } from 'wouter-preact';

/** Before the server's first answer. */
export function Waiting({ title }: { readonly title: string }): JSX.Element {
  return (
    <section class="empty" aria-busy="true">
      <h1>{title}</h1>
      <p>Waiting for the server’s first answer…</p>
    </section>
  );
}

interface EmptyProps {
  readonly title: string;
  /** 1 where nothing else is on the page, 2 directly below its title; else 3. */
  readonly level?: 1 | 2 | 3;
  readonly children: ComponentChildren;
}

/** A state without rows: what it means and what to do. */
export function Empty({ title, level = 3, children }: EmptyProps): JSX.Element {
  const Heading = `h${level}` as const;
  return (
    <div class="empty">
      <Heading>{title}</Heading>
      {children}
    </div>
  );
}

/** Where the token is told to be: any place will do that starts with a slash. */
const TOKEN_FILE = '/etc/weft/agent-token';

/** An address that leads nowhere but to the machine that it is used on. */
const isLoopback = (host: string): boolean => /^(localhost|127\.[\d.]+|\[::1\])$/.test(host);

/** No agent has ever reported: the command that changes it. */
export function NoAgents({ level }: Pick<EmptyProps, 'level'>): JSX.Element {
  return (
    <Empty title="No agent has reported yet" {...(level === undefined ? {} : { level })}>
      <p>On each host, run the stats agent and point it here:</p>
      <pre tabIndex={0}>
        <code>{`weft statsd --dashboard ${location.origin} --token-file ${TOKEN_FILE}`}</code>
      </pre>
      <p>
        The token is in the file <code>agent-token</code> in the data folder of this dashboard; copy it to{' '}
        <code>{TOKEN_FILE}</code> on the host. Admins make tokens that end, or that serve one host, in the{' '}
        <Link href="/settings/agents">settings</Link>.
      </p>
      {isLoopback(location.hostname) ? (
        <p>
          <code>{location.host}</code> is this machine only. For agents on other hosts, start the dashboard with{' '}
          <code>--listen</code> and an address that they reach.
        </p>
      ) : null}
      <p>Waiting for the first agent; its host is shown here as soon as it connects.</p>
    </Empty>
  );
}
