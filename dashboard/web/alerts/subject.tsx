import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import { Chips } from '../chips.tsx';
import type { Span } from '../events/brush.ts';
import { subjectLink } from './links.ts';

/** Labels that have columns of their own. */
const IN_COLUMNS = ['alertname', 'severity'];

interface SubjectProps {
  readonly about: Parameters<typeof subjectLink>[0];
  /** What its page is to show; without it what is now. */
  readonly span?: Span;
}

/** What something is about, by its labels, with the way to its page. */
export function Subject({ about, span }: SubjectProps): JSX.Element {
  const href = subjectLink(about, span);
  const labels = <Chips labels={about.labels} without={IN_COLUMNS} />;
  return href === undefined ? (
    labels
  ) : (
    <Link href={href} class="chips-link">
      {labels}
    </Link>
  );
}
