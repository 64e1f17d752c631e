import { expect, test } from 'vitest';
import { together } from '../../../flannel/together.ts';

const untilStopped =
  (ended: string[], name: string) =>
  async (signal: AbortSignal): Promise<never> => {
    const { promise, reject } = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
    try {
      return await promise;
    } finally {
      ended.push(name);
    }
  };

test('the first failure stops the others and is what is told', async () => {
  const ended: string[] = [];
  const failing = (): Promise<never> => Promise.reject(new RangeError('first'));
  const run = together([untilStopped(ended, 'a'), failing, untilStopped(ended, 'b')], new AbortController().signal);
  await expect(run).rejects.toThrow('first');
  expect(ended).toEqual(['a', 'b']);
});

test('the signal stops all with its own reason', async () => {
  const ended: string[] = [];
  const controller = new AbortController();
  const run = together([untilStopped(ended, 'a'), untilStopped(ended, 'b')], controller.signal);
  controller.abort(new RangeError('stop'));
  await expect(run).rejects.toThrow('stop');
  expect(ended).toEqual(['a', 'b']);
});
