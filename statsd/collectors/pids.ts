import { singleUint } from '../model/cgroup-text.ts';
import { FIELD, type Collector } from '../model/reading.ts';

/** Tasks (threads) in the container and below: pids.current, the same on v1 and v2. */
export const pids: Collector = {
  name: 'pids',
  fields: ['pidsCurrent'],
  attach(view) {
    const current = view.file('pids', 'pids.current');
    return {
      collect(sample) {
        const length = current?.read() ?? -1;
        sample[FIELD.pidsCurrent] =
          current === undefined || length < 0 ? Number.NaN : singleUint(current.bytes, length, current.path);
      },
    };
  },
};
