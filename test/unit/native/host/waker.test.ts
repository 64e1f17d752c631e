import { expect, test } from 'vitest';
import { Waker } from '../../../../native/host/waker.ts';

async function drain(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

test('many wakes before a pass make one pass', async () => {
  const waker = new Waker();
  const controller = new AbortController();
  waker.wake();
  waker.wake();
  await waker.next(controller.signal);
  let second = false;
  const waiting = waker.next(controller.signal).then(() => {
    second = true;
  });
  await drain();
  expect(second).toBe(false);
  waker.wake();
  await waiting;
  expect(second).toBe(true);
});

test('a wake during a pass causes exactly one more', async () => {
  const waker = new Waker();
  const controller = new AbortController();
  let passes = 0;
  const loop = (async () => {
    for (;;) {
      await waker.next(controller.signal);
      passes += 1;
      if (passes === 1) {
        waker.wake();
        waker.wake();
      }
    }
  })();
  waker.wake();
  await drain();
  await drain();
  expect(passes).toBe(2);
  controller.abort(new Error('done'));
  await expect(loop).rejects.toThrow('done');
});

test('an abort ends the wait with its reason, before and during it', async () => {
  const waker = new Waker();
  const controller = new AbortController();
  const waiting = waker.next(controller.signal);
  controller.abort(new Error('stop'));
  await expect(waiting).rejects.toThrow('stop');
  await expect(waker.next(controller.signal)).rejects.toThrow('stop');
});
