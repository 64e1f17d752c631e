import pino from 'pino';
import { expect, test } from 'vitest';
import { LivePush } from '../../../dashboard/live-push.ts';
import { pushPauseMs } from '../../../dashboard/model/push-pause.ts';
import { ManualClock } from '../../support/manual-clock.ts';

interface Scene extends Disposable {
  readonly clock: ManualClock;
  readonly push: LivePush;
  /** Milliseconds since the start at which browsers were sent something. */
  readonly pushedAtMs: number[];
}

function startPush({ watching = 1, fails = false }: { watching?: number; fails?: boolean } = {}): Scene {
  const clock = new ManualClock();
  const startMs = clock.monotonicMs();
  const pushedAtMs: number[] = [];
  const push = new LivePush({
    hub: {
      watching,
      push: () => {
        pushedAtMs.push(clock.monotonicMs() - startMs);
        if (fails) throw new RangeError('no');
      },
    },
    clock,
    log: pino({ level: 'silent' }),
  });
  const ending = new AbortController();
  push.run(ending.signal).catch(() => undefined);
  return {
    clock,
    push,
    pushedAtMs,
    [Symbol.dispose]: () => {
      ending.abort();
    },
  };
}

/** Wakes at these times, milliseconds after the start. */
async function wakeAt({ clock, push }: Scene, times: readonly number[]): Promise<void> {
  const startMs = clock.monotonicMs();
  for (const time of times) {
    await clock.advance(time - (clock.monotonicMs() - startMs));
    push.wake();
  }
  await clock.advance(1000);
}

test.each([
  { name: 'the first sample is sent at once', watching: 1, samples: [30], pushes: [30] },
  { name: 'what comes meanwhile is sent together', watching: 1, samples: [0, 10, 20, 99], pushes: [0, 100] },
  { name: 'and at once again after silence', watching: 1, samples: [0, 10, 350, 351], pushes: [0, 100, 350, 450] },
  {
    name: 'forty hosts spread over the second are ten sends, and one for the rest',
    watching: 1,
    samples: Array.from({ length: 40 }, (_, host) => host * 25),
    pushes: Array.from({ length: 11 }, (_, send) => send * 100),
  },
  { name: 'fifty browsers are sent half as often', watching: 50, samples: [0, 10, 150], pushes: [0, 200] },
  { name: 'nobody is sent nothing', watching: 0, samples: [0, 10], pushes: [] },
])('$name', async ({ watching, samples, pushes }) => {
  using scene = startPush({ watching });
  await wakeAt(scene, samples);
  expect(scene.pushedAtMs).toEqual(pushes);
});

test('one that fails does not end it', async () => {
  using scene = startPush({ fails: true });
  await wakeAt(scene, [0, 500]);
  expect(scene.pushedAtMs).toEqual([0, 500]);
});

test('however many browsers there are, no sample waits for more than a fifth of a second', () => {
  const pauses = [0, 1, 25, 40, 50, 1000].map((browsers) => pushPauseMs(browsers));
  expect(pauses).toEqual([100, 100, 100, 160, 200, 200]);
});
