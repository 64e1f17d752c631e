import { FlatKeys } from '../model/cgroup-text.ts';
import { FIELD, NO_NUMBERS, type Collector } from '../model/reading.ts';

const events = new FlatKeys(['frozen']);
/** Of `THAWED`, `FREEZING`, `FROZEN`. */
const LETTER_T = 0x54;

/** Whether the container is paused: freezer.state (v1), `frozen` of cgroup.events (v2). */
export const freezer: Collector = {
  name: 'freezer',
  fields: ['paused'],
  attach(view) {
    const v1 = view.version('freezer') === 1;
    const file = v1 ? view.file('freezer', 'freezer.state') : view.file('freezer', 'cgroup.events');
    return {
      request(add, tick) {
        if (tick.slow) add(file);
      },
      collect({ sample }, tick) {
        if (!tick.slow) return;
        const content = file?.read();
        if (!v1) {
          events.scan(content);
          sample[FIELD.paused] = events.values[0] ?? Number.NaN;
          return;
        }
        if (content === undefined || content.end === content.start) sample[FIELD.paused] = Number.NaN;
        else sample[FIELD.paused] = content.bytes[content.start] === LETTER_T ? 0 : 1;
      },
      quick: () => NO_NUMBERS,
    };
  },
};
