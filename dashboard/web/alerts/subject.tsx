import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import { Chips } from '../chips.tsx';
import { subjectLink } from './links.ts';

/** Labels that have columns of their own. */
const IN_COLUMNS = ['alertname', 'severity'];

/** What something is about, by its labels, with the way to its page. */
export function Subject({ about }: { readonly about: Parameters<typeof subjectLink>[0] }): JSX.Element {
  const href = subjectLink(about);
  const labels = <Chips labels={about.labels} without={IN_COLUMNS} />;
  return href === undefined ? (
    labels
  ) : (
    <Link href={href} class="chips-link">
      {labels}
    </Link>
  );
}
