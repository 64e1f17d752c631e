import { afterEach, expect, test, vi } from 'vitest';
import { ask } from '../../../../dashboard/web/api.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** A body that breaks off, as when the page is left or the server ends. */
const broken = (): ReadableStream =>
  new ReadableStream({
    start: (controller) => {
      controller.enqueue(Buffer.from('{"password":'));
      controller.error(new TypeError('terminated'));
    },
  });

test.each([
  { name: 'a good answer', response: () => Response.json({ a: 1 }), want: { ok: true, value: { a: 1 } } },
  {
    name: 'a good answer that breaks off',
    response: () => new Response(broken()),
    want: { ok: false, reason: 'the server cannot be reached' },
  },
  {
    name: 'a refusal with a reason',
    response: () => Response.json({ detail: 'who are you?' }, { status: 401 }),
    want: { ok: false, reason: 'who are you?', status: 401 },
  },
  {
    name: 'a refusal of something before the server',
    response: () => new Response('<h1>502</h1>', { status: 502 }),
    want: { ok: false, status: 502 },
  },
])('$name', async ({ response, want }) => {
  vi.stubGlobal('fetch', () => Promise.resolve(response()));
  expect(await ask('GET', '/sign-in')).toMatchObject(want);
});
