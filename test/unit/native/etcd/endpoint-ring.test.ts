import { expect, test } from 'vitest';
import { EndpointRing } from '../../../../native/etcd/endpoint-ring.ts';
import { parseEndpoint } from '../../../../native/etcd/endpoint.ts';

const [a, b, c] = ['http://a:1', 'http://b:1', 'http://c:1'].map(parseEndpoint) as [
  ReturnType<typeof parseEndpoint>,
  ReturnType<typeof parseEndpoint>,
  ReturnType<typeof parseEndpoint>,
];

test('moves on at a failure of the endpoint in use, and at no other', () => {
  const ring = new EndpointRing([a, b, c]);
  expect(ring.active).toBe(a);
  ring.failed(b, 0);
  expect(ring.active).toBe(a);
  ring.failed(a, 0);
  ring.failed(a, 0);
  expect(ring.active).toBe(b);
  ring.failed(b, 0);
  ring.failed(c, 0);
  expect(ring.active).toBe(a);
});

test('is exhausted when each failed since the last answer', () => {
  const ring = new EndpointRing([a, b]);
  ring.failed(a, 0);
  expect(ring.isExhausted).toBe(false);
  ring.answered();
  ring.failed(b, 0);
  expect(ring.isExhausted).toBe(false);
  ring.failed(a, 0);
  expect(ring.isExhausted).toBe(true);
});

test('without endpoints it is exhausted and has none', () => {
  const ring = new EndpointRing([]);
  expect([ring.active, ring.isExhausted]).toEqual([undefined, true]);
  expect(ring.replace([a])).toBe(true);
  expect([ring.active, ring.isExhausted]).toEqual([a, false]);
});

test('a new list keeps the endpoint in use', () => {
  const ring = new EndpointRing([a, b]);
  ring.failed(a, 0);
  expect(ring.replace([c, b])).toBe(true);
  expect(ring.active).toBe(b);
  expect(ring.replace([b, c])).toBe(false);
  expect(ring.replace([a])).toBe(true);
  expect(ring.active).toBe(a);
});

test('chance chooses the first one', () => {
  expect([0, 0.5, 0.99].map((chance) => new EndpointRing([a, b, c], () => chance).active)).toEqual([a, b, c]);
});

test('who is absent is passed over for five seconds, while there is another', () => {
  const ring = new EndpointRing([a, b, c]);
  ring.absent(b, 1_000);
  ring.failed(a, 1_000);
  expect(ring.active).toBe(c);
  ring.absent(a, 1_000);
  ring.absent(c, 1_000);
  ring.failed(c, 5_999);
  expect(ring.active).toBe(a);
  ring.failed(a, 6_000);
  expect(ring.active).toBe(b);
});

test('who is there again is taken again', () => {
  const ring = new EndpointRing([a, b, c]);
  ring.absent(b, 0);
  ring.present(b);
  ring.failed(a, 0);
  expect(ring.active).toBe(b);
});

test('goes on at one that is known, and at no other', () => {
  const ring = new EndpointRing([a, b]);
  ring.take(b);
  ring.take(c);
  expect(ring.active).toBe(b);
});
