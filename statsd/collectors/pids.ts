import { FlatKeys, uintOrUnknown } from '../model/cgroup-text.ts';
import { FIELD, type Collector, type NumberFile } from '../model/reading.ts';

const events = new FlatKeys(['max']);

/** Tasks (threads) in the container and below, and forks that a limit refused: the same files on v1 and v2. */
export const pids: Collector = {
  name: 'pids',
  fields: ['pidsCurrent', 'pidsFailures'],
  attach(view) {
    const current = view.file('pids', 'pids.current');
    const refused = view.rareFile('pids', 'pids.events');
    const quick: readonly NumberFile[] = [{ file: current, keys: [], fields: ['pidsCurrent'], per: [1] }];
    return {
      request(add, tick) {
        add(current);
        if (tick.rare) add(refused);
      },
      collect({ sample }, tick) {
        if (!tick.numbered) sample[FIELD.pidsCurrent] = uintOrUnknown(current?.read());
        if (!tick.rare) return;
        events.scan(refused?.read());
        sample[FIELD.pidsFailures] = events.values[0] ?? Number.NaN;
      },
      quick: () => quick,
    };
  },
};
