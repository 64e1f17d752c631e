import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import { usePage } from '../page.ts';

/** An address that no page has. */
export function NotFound(): JSX.Element {
  usePage('Not found', { view: 'alerts' });
  return (
    <section class="empty">
      <h1>There is no such page</h1>
      <p>
        Try the <Link href="/">overview</Link>.
      </p>
    </section>
  );
}
