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
  ring.failed(b);
  expect(ring.active).toBe(a);
  ring.failed(a);
  ring.failed(a);
  expect(ring.active).toBe(b);
  ring.failed(b);
  ring.failed(c);
  expect(ring.active).toBe(a);
});

test('is exhausted when each failed since the last answer', () => {
  const ring = new EndpointRing([a, b]);
  ring.failed(a);
  expect(ring.isExhausted).toBe(false);
  ring.answered();
  ring.failed(b);
  expect(ring.isExhausted).toBe(false);
  ring.failed(a);
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
  ring.failed(a);
  expect(ring.replace([c, b])).toBe(true);
  expect(ring.active).toBe(b);
  expect(ring.replace([b, c])).toBe(false);
  expect(ring.replace([a])).toBe(true);
  expect(ring.active).toBe(a);
});

test('chance chooses the first one', () => {
  expect([0, 0.5, 0.99].map((chance) => new EndpointRing([a, b, c], () => chance).active)).toEqual([a, b, c]);
});
