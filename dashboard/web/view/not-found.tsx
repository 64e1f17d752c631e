import type { JSX } from 'preact';
import { Link } from 'wouter-preact';

/** An address that no page has. */
export function NotFound(): JSX.Element {
  return (
    <section class="empty">
      <h1>There is no such page</h1>
      <p>
        Try the <Link href="/">overview</Link>.
      </p>
    </section>
  );
}
