import { Backoff } from '../../native/host/backoff.ts';
import { systemClock, systemRandom } from '../../native/host/clock.ts';
import type { ProcessesView, StatsTick } from '../../statsd/status-wire.ts';
import { AgentError, followContainers, readProcesses, type AgentPlace } from './agent-client.ts';
import { keysIn, pressed } from './keys.ts';
import { takeScreen } from './screen.ts';
import { paint, type TopState } from './view.ts';

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 5000;

/** The table on a terminal until the user leaves or a signal comes. */
export async function showLive(place: AgentPlace, initial: TopState): Promise<void> {
  let state = initial;
  let tick: StatsTick | undefined;
  let note: string | undefined = 'connecting …';
  const leaving = new AbortController();
  const leave = (): void => {
    leaving.abort();
  };
  let processes: ProcessesView | undefined;
  const show = (): void => {
    if (!leaving.signal.aborted) screen.paint(paint(tick, state, { size: screen.size(), note, processes }));
  };
  let asking = false;
  /** Asked only while somebody looks at the details, and one after the other. */
  const askForProcesses = async (): Promise<void> => {
    const shown = tick?.containers.find(({ key }) => key === state.selected);
    if (state.screen !== 'detail' || shown === undefined || shown.state === 'exited' || asking) return;
    asking = true;
    try {
      processes = await readProcesses(place, shown.dockerId, leaving.signal);
      show();
    } catch {
      processes = undefined; // the stream tells what is wrong with the agent
    } finally {
      asking = false;
    }
  };
  using screen = takeScreen({
    input: process.stdin,
    output: process.stdout,
    keys: (text) => {
      for (const key of keysIn(text)) {
        const next = pressed(state, key, tick);
        if (next === undefined) {
          leave();
          return;
        }
        state = next;
      }
      show();
    },
    resized: show,
  });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, leave);
  const backoff = new Backoff({ firstMs: RETRY_FIRST_MS, maxMs: RETRY_MAX_MS, random: systemRandom });
  show();
  const follow = async (): Promise<string> => {
    try {
      for await (const next of followContainers(place, leaving.signal)) {
        tick = next;
        note = undefined;
        backoff.reset();
        show();
        void askForProcesses();
      }
      return 'the agent closed the stream; trying again';
    } catch (error) {
      leaving.signal.throwIfAborted();
      // Told at the foot of the screen: the last picture stays, and so does the user.
      return error instanceof AgentError ? error.message : `the stream broke: ${String(error)}; trying again`;
    }
  };
  try {
    for (;;) {
      note = await follow();
      show();
      await systemClock.sleep(backoff.nextMs(), leaving.signal);
    }
  } catch (error) {
    if (!leaving.signal.aborted) throw error;
  } finally {
    for (const name of signals) process.off(name, leave);
  }
}
