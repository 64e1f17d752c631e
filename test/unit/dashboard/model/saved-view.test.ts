import { describe, expect, test } from 'vitest';
import type { Principal } from '../../../../dashboard/model/access.ts';
import {
  MAX_OWN_VIEWS,
  MAX_SHARED_VIEWS,
  mayChangeView,
  seesView,
  viewComplaint,
  viewOrder,
  viewQuery,
  type SavedView,
} from '../../../../dashboard/model/saved-view.ts';
import { parseScope } from '../../../../dashboard/model/scope.ts';

const aView = (over: Partial<SavedView> = {}): SavedView => ({
  id: '1',
  name: 'busy',
  page: 'containers',
  query: 'q=cpu%3E50%25',
  shared: false,
  owner: 'user:ann',
  by: 'ann',
  ...over,
});

const somebody = (over: Partial<Principal> = {}): Principal => ({
  kind: 'user',
  id: 'ann',
  name: 'ann',
  role: 'viewer',
  scope: undefined,
  ...over,
});

test.each([
  { name: 'nothing', search: '', want: '' },
  { name: 'one spelling', search: '?sort=-cpu&q=%20web%20&group=', want: 'q=web&sort=-cpu' },
  { name: 'what is no part of a view', search: 'kiosk=1&q=a&next=//evil.example/', want: 'q=a' },
  { name: 'a parameter twice', search: 'q=a&q=b', want: 'q=a' },
  { name: 'text that is none of an address', search: 'javascript:alert(1)', want: '' },
])('the view of an address: $name', ({ search, want }) => {
  expect(viewQuery(search)).toBe(want);
  expect(viewQuery(want)).toBe(want);
});

test.each([
  { page: 'hosts', search: 'q=h1&sort=-cpu&group=x&cols=y&last=6h', want: 'q=h1&group=x&cols=y&sort=-cpu' },
  { page: 'alerts', search: 'q=host%3Ah1&last=30d', want: 'q=host%3Ah1' },
  {
    page: 'compare',
    search: `q=a&cpu=cores&${Array.from({ length: 9 }, (_, index) => `series=n%2F${index}`).join('&')}&last=6h&from=2026-11-27T10:00:00Z`,
    want: `${Array.from({ length: 8 }, (_, index) => `series=n%2F${index}`).join('&')}&last=6h&cpu=cores`,
  },
] as const)('the view of $page has what makes it, and no moment', ({ page, search, want }) => {
  expect(viewQuery(search, page)).toBe(want);
  expect(viewQuery(want, page)).toBe(want);
});

describe('who has a view and who may change it', () => {
  test.each([
    { name: 'the own', who: somebody(), view: aView(), want: [true, true] },
    { name: "another's own", who: somebody({ id: 'bob', role: 'admin' }), view: aView(), want: [false, false] },
    { name: 'a token with the id of a user', who: somebody({ kind: 'token' }), view: aView(), want: [false, false] },
    { name: 'a shared one', who: somebody({ id: 'bob' }), view: aView({ shared: true }), want: [true, false] },
    {
      name: 'a shared one, for an editor',
      who: somebody({ id: 'bob', role: 'editor' }),
      view: aView({ shared: true }),
      want: [true, true],
    },
    {
      name: 'the own that was shared, after the role was lost',
      who: somebody(),
      view: aView({ shared: true }),
      want: [true, false],
    },
    {
      name: 'a shared one, with a label scope',
      who: somebody({ id: 'bob', scope: parseScope('project=shop') }),
      view: aView({ shared: true }),
      want: [false, false],
    },
  ])('$name', ({ who, view, want }) => {
    expect([seesView(who, view), mayChangeView(who, view)]).toEqual(want);
  });
});

describe('what cannot be kept', () => {
  const many = (count: number, over: Partial<SavedView> = {}): SavedView[] =>
    Array.from({ length: count }, (_, index) => aView({ id: `v${index}`, name: `view ${index}`, ...over }));

  test.each([
    {
      name: 'the name of another own one',
      view: aView({ id: '2', name: 'BUSY' }),
      all: [aView()],
      want: /another name/,
    },
    { name: 'one more than a person may have', view: aView(), all: many(MAX_OWN_VIEWS), want: /50 views/ },
    {
      name: 'one more than may be shared',
      view: aView({ shared: true }),
      all: many(MAX_SHARED_VIEWS, { shared: true, owner: 'user:bob' }),
      want: /100 shared views/,
    },
  ])('$name', ({ view, all, want }) => {
    expect(viewComplaint(view, all)).toMatch(want);
  });

  test.each([
    { name: 'itself, changed', view: aView({ query: '' }), all: [aView()] },
    { name: "the name of another's", view: aView({ id: '2', owner: 'user:bob' }), all: [aView()] },
    { name: 'the name of a shared one', view: aView({ id: '2' }), all: [aView({ shared: true })] },
    { name: 'one where others have many', view: aView(), all: many(MAX_OWN_VIEWS, { owner: 'user:bob' }) },
  ])('but not $name', ({ view, all }) => {
    expect(viewComplaint(view, all)).toBeUndefined();
  });
});

test('the own come first, each by name', () => {
  const views = [
    aView({ name: 'b', shared: true }),
    aView({ name: 'Z' }),
    aView({ name: 'a', shared: true }),
    aView({ name: 'm' }),
  ];
  expect(views.sort(viewOrder).map(({ name }) => name)).toEqual(['m', 'Z', 'a', 'b']);
});
