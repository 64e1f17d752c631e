import type { HostView, SuggestionsMessage } from '../wire.ts';
import { containersWith, hostPage } from './links.ts';
import { viewPage, type ViewFacts } from './saved-views.ts';

/** One thing that can be done or gone to. */
export interface PaletteEntry {
  readonly title: string;
  readonly note: string;
  /** Where it leads; else what it does. */
  readonly href?: string;
  readonly run?: () => void;
}

const PAGES: readonly PaletteEntry[] = [
  { title: 'Overview', note: 'page', href: '/' },
  { title: 'Hosts', note: 'page', href: '/hosts' },
  { title: 'Containers', note: 'page', href: '/containers' },
  { title: 'Containers by project', note: 'page', href: '/containers?group=project' },
  { title: 'Containers by host', note: 'page', href: '/containers?group=host' },
  { title: 'Alerts', note: 'page', href: '/alerts' },
  { title: 'Settings', note: 'page', href: '/settings' },
];

/** Entries at most: more are not read. */
const MOST = 12;

export interface PaletteSource {
  readonly typed: string;
  readonly actions: readonly PaletteEntry[];
  /** Saved ones, of all pages. */
  readonly views: readonly ViewFacts[];
  readonly hosts: readonly HostView[];
  readonly suggestions: SuggestionsMessage | undefined;
}

/** What fits what was typed: pages, saved views and actions, hosts, then filters of containers as the server suggests them. */
export function paletteEntries({ typed, actions, views, hosts, suggestions }: PaletteSource): PaletteEntry[] {
  const wanted = typed.trim().toLowerCase();
  const named = [
    ...PAGES,
    ...views.map((view): PaletteEntry => ({
      title: view.name,
      note: view.shared ? 'shared view' : 'view',
      href: viewPage(view),
    })),
    ...actions,
    ...hosts.map(({ name, nodeId }): PaletteEntry => ({ title: name, note: 'host', href: hostPage(nodeId) })),
  ].filter(({ title }) => title.toLowerCase().includes(wanted));
  // A key alone is no filter yet.
  const terms = (suggestions?.text === typed ? suggestions.items : []).filter(({ insert }) => insert.endsWith(' '));
  const filters = terms.map(({ insert, note }): PaletteEntry => ({
    title: insert.trimEnd(),
    note: `containers · ${note}`,
    href: containersWith(insert.trimEnd()),
  }));
  const asTyped: PaletteEntry = { title: typed.trim(), note: 'filter containers', href: containersWith(typed.trim()) };
  return [...named, ...filters, ...(wanted === '' ? [] : [asTyped])].slice(0, MOST);
}
