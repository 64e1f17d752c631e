import type { Clock } from '../../native/host/clock.ts';

/** What the demo says to the person in front of it. */
export interface Console {
  say(line: string): void;
  /** Does the work and says how long it took: `  0.41 s  etcd on 127.0.0.1:2379`. */
  step<T>(title: string, work: () => Promise<T>): Promise<T>;
}

/** `  0.41 s`, right-aligned. */
export function formatSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2).padStart(6)} s`;
}

export function createConsole(write: (text: string) => void, clock: Clock): Console {
  const say = (line: string): void => {
    write(`${line}\n`);
  };
  return {
    say,
    step: async (title, work) => {
      const startMs = clock.monotonicMs();
      const result = await work();
      say(`${formatSeconds(clock.monotonicMs() - startMs)}  ${title}`);
      return result;
    },
  };
}
