import { describe, expect, test } from 'vitest';
import { apiHosts } from '../../../../dashboard/model/api-view.ts';
import { Cluster } from '../../../../dashboard/model/cluster.ts';
import { rowOrder } from '../../../../dashboard/model/cluster-view.ts';
import { alertsInScope, parseScope, rowsInScope, seesSeries } from '../../../../dashboard/model/scope.ts';
import { RoomView } from '../../../../dashboard/model/room-view.ts';
import { roomOf, selectionOf } from '../../../../dashboard/model/view-selection.ts';
import { subscribeSchema } from '../../../../dashboard/wire.ts';
import { aContainer, aFrame, anInventory, at } from '../builders.ts';

const compose = (project: string, service: string) => ({
  'com.docker.compose.project': project,
  'com.docker.compose.service': service,
});

function aCluster() {
  const cluster = new Cluster();
  const hosts = {
    h1: [
      aContainer('shop-api', { labels: { ...compose('shop', 'api'), team: 'a' } }),
      aContainer('bank-api', { labels: compose('bank', 'api') }),
    ],
    h2: [aContainer('shop-db', { labels: compose('shop', 'db') }), aContainer('shop-evil', { image: 'shop' })],
    h3: [aContainer('other')],
  };
  for (const [hostname, containers] of Object.entries(hosts)) {
    const received = { nowUnixMs: 1_000_000, nowMonotonicMs: 0 };
    cluster.connect(hostname, hostname, received);
    cluster.inventory(anInventory(containers, { nodeId: hostname, hostname }), received);
  }
  return rowOrder(cluster);
}

const order = aCluster();
const SERVER = { version: '1', startedAtUnixMs: 0, etcd: 'off', webhooks: 0 } as const;
const names = (text: string) => {
  const { hosts, containers } = rowsInScope(order, parseScope(text));
  return { hosts: hosts.map(({ name }) => name), containers: containers.map(({ row }) => row.inventory.name) };
};

test.each([
  { scope: 'project=shop', hosts: ['h1', 'h2'], containers: ['shop-api', 'shop-db'] },
  { scope: 'compose_project="shop",service="api"', hosts: ['h1'], containers: ['shop-api'] },
  { scope: 'project=~"shop|bank"', hosts: ['h1', 'h2'], containers: ['bank-api', 'shop-api', 'shop-db'] },
  { scope: 'project=sho', hosts: [], containers: [] },
  { scope: 'label_team=a', hosts: ['h1'], containers: ['shop-api'] },
  { scope: 'host=h3', hosts: ['h3'], containers: ['other'] },
  { scope: 'container=nothing', hosts: [], containers: [] },
])('$scope shows $containers on $hosts', ({ scope, hosts, containers }) => {
  expect(names(scope)).toEqual({ hosts, containers });
});

test.each([
  ['', 'expected 1 to 16 matchers'],
  ['project!=shop', 'a scope says what may be seen'],
  ['project!~"sh.*"', 'a scope says what may be seen'],
  ['project=~".*"', 'a scope says what may be seen'],
  ['project=""', 'a scope says what may be seen'],
  ['severity=critical', 'expected one of host, container'],
  ['shop', 'is no matcher'],
  ['project=~"(?=x)"', ''],
])('%j is no scope', (text, want) => {
  expect(() => parseScope(text)).toThrow(want);
});

test('one spelling for one scope, so that those who see the same share a room', () => {
  const [one, other] = ['{service="api", project=shop}', 'project="shop",service=api'].map(parseScope);
  expect(roomOf({ kind: 'all' }, one)).toBe(roomOf({ kind: 'all' }, other));
  expect(roomOf({ kind: 'all' }, one)).not.toBe(roomOf({ kind: 'all' }));
});

test.each([
  { request: { view: 'containers' }, want: ['shop-api', 'shop-db'] },
  { request: { view: 'host', host: 'h1' }, want: ['shop-api'] },
  { request: { view: 'host', host: 'h3' }, want: [] },
  { request: { view: 'container', key: 'h1/runc:bank-api' }, want: [] },
  { request: { view: 'compare', series: ['h1/runc:bank-api', 'h3'] }, want: [] },
  { request: { view: 'containers', filter: 'bank' }, want: [] },
  { request: { view: 'containers', filter: 'api' }, want: ['shop-api'] },
  { request: { view: 'hosts' }, want: [] },
] as const)('$request shows $want and no more', ({ request, want }) => {
  const room = new RoomView(selectionOf(subscribeSchema.parse(request))!, parseScope('project=shop'), () => 1);
  room.refresh(order, 1);
  const { containers, ...rest } = room.inventory(0, SERVER);
  expect(containers.map(({ name }) => name)).toEqual(want);
  expect(rest.hosts.map(({ name }) => name)).not.toContain('h3');
  expect(rest.totalContainers).toBe(2);
});

test('where the fullest file system is mounted is not for who sees a part', () => {
  const full = new Cluster();
  full.inventory(anInventory([aContainer('web', { tags: { compose_project: 'shop' } })]), at(0));
  full.frame('n1', { ...aFrame(1, [{}]), fullestMount: '/srv/bank' }, at(1));
  const all = rowOrder(full);
  const scope = parseScope('project=shop');
  const mounts = [undefined, scope].map((seen) => {
    const room = new RoomView({ kind: 'hosts' }, seen, () => 1);
    room.refresh(all, 1);
    const told = apiHosts(all, { nowMonotonicMs: 0, etcd: 'off', scope: seen }) as { fullestMount: string | null }[];
    return [room.inventory(0, SERVER).hosts[0]?.fullestMount, told[0]?.fullestMount];
  });
  expect(mounts).toEqual([
    ['/srv/bank', '/srv/bank'],
    [undefined, null],
  ]);
});

test('a host tells how many of its containers are seen, not how many there are', () => {
  const scope = parseScope('project=shop');
  const room = new RoomView({ kind: 'hosts' }, scope, () => 1);
  room.refresh(order, 1);
  const counts = room.inventory(0, SERVER).hosts.map(({ name, containers }) => [name, containers]);
  const want = [
    ['h1', 1],
    ['h2', 1],
  ];
  expect(counts).toEqual(want);
  const told = apiHosts(rowsInScope(order, scope), { nowMonotonicMs: 0, etcd: 'off' }) as {
    name: string;
    containers: number;
  }[];
  expect(told.map(({ name, containers }) => [name, containers])).toEqual(want);
});

describe('alerts', () => {
  test.each([
    { scope: 'project=shop', labels: { compose_project: 'shop', container: 'gone', host: 'h9' }, want: true },
    { scope: 'project=shop', labels: { compose_project: 'bank', container: 'bank-api', host: 'h1' }, want: false },
    { scope: 'project=shop', labels: { host: 'h1' }, want: false },
    { scope: 'host=h1', labels: { host: 'h1' }, want: true },
    { scope: 'label_team=a', labels: { host: 'h1', runtime: 'runc', container: 'shop-api' }, want: true },
    { scope: 'label_team=a', labels: { host: 'h1', runtime: 'runc', container: 'bank-api' }, want: false },
    { scope: 'project=shop', labels: { rule: 'of weft itself' }, want: false },
  ])('$scope sees $labels: $want', ({ scope, labels, want }) => {
    expect(alertsInScope(order, parseScope(scope))({ labels })).toBe(want);
  });
});

describe('history', () => {
  const facts = { nodeId: 'h1', host: 'h1', name: 'shop-api', image: undefined, runtime: 'runc', service: undefined };
  test.each([
    { scope: 'project=shop', line: { key: 'k', facts: { ...facts, kind: 'container', project: 'shop' } }, want: true },
    { scope: 'project=shop', line: { key: 'k', facts: { ...facts, kind: 'container', project: 'bank' } }, want: false },
    {
      scope: 'project=shop',
      line: { key: 'h1', facts: { ...facts, name: 'h1', kind: 'host', project: undefined } },
      want: true,
    },
    {
      scope: 'project=shop',
      line: { key: 'h3', facts: { ...facts, name: 'h3', kind: 'host', project: undefined } },
      want: false,
    },
  ] as const)('$scope sees $line: $want', ({ scope, line, want }) => {
    expect(seesSeries(order, parseScope(scope), line)).toBe(want);
  });
});
