import { expect, test } from 'vitest';
import { paletteEntries, type PaletteSource } from '../../../../dashboard/web/palette-entries.ts';
import type { HostView } from '../../../../dashboard/wire.ts';

const host = { nodeId: 'n/1', name: 'shop-host' } as HostView;

function titles(typed: string, over: Partial<PaletteSource> = {}): string[] {
  const source = {
    typed,
    actions: [{ title: 'Keyboard help', note: 'action' }],
    views: [],
    hosts: [host],
    suggestions: undefined,
  };
  return paletteEntries({ ...source, ...over }).map(({ title }) => title);
}

test('nothing typed offers pages, actions and hosts', () => {
  expect(titles('')).toEqual(expect.arrayContaining(['Overview', 'Hosts', 'Keyboard help', 'shop-host']));
});

test('what was typed is found anywhere, and is a filter as it stands', () => {
  expect(titles('SHOP')).toEqual(['shop-host', 'SHOP']);
  const [first] = paletteEntries({ typed: 'shop-h', actions: [], views: [], hosts: [host], suggestions: undefined });
  expect(first?.href).toBe('/hosts/n%2F1');
});

test('what the server suggests for this very text are filters; keys alone are not', () => {
  const items = [
    { insert: 'project:', note: 'key' },
    { insert: 'project:shop ', note: '2 containers' },
  ];
  const suggestions = { text: 'pro', caret: 3, from: 0, to: 3, items };
  expect(titles('pro', { suggestions })).toEqual(['Containers by project', 'project:shop', 'pro']);
  expect(titles('proj', { suggestions })).toEqual(['Containers by project', 'proj']);
});

test('saved views lead to the page as it was saved, the shared ones told apart', () => {
  const view = {
    id: '1',
    name: 'busy',
    page: 'containers' as const,
    query: 'q=cpu%3E50%25',
    shared: false,
    by: 'ann',
    own: true,
    mayChange: true,
  };
  const views = [view, { ...view, id: '2', name: 'Busy too', page: 'containers' as const, query: '', shared: true }];
  const source = { typed: 'BUSY', actions: [], views, hosts: [], suggestions: undefined };
  expect(paletteEntries(source).slice(0, 2)).toEqual([
    { title: 'busy', note: 'view', href: '/containers?q=cpu%3E50%25' },
    { title: 'Busy too', note: 'shared view', href: '/containers' },
  ]);
});
