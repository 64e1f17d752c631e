import type { JSX } from 'preact';
import { Link, useLocation } from 'wouter-preact';

export interface Tab {
  readonly path: string;
  readonly name: string;
}

/** The parts of a page, each with an address of its own. */
export function Tabs({ label, tabs }: { readonly label: string; readonly tabs: readonly Tab[] }): JSX.Element {
  const [location] = useLocation();
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(({ path, name }) => (
        <Link key={path} href={path} aria-current={location === path ? 'page' : undefined}>
          {name}
        </Link>
      ))}
    </nav>
  );
}
