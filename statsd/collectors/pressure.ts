import { parsePressure } from '../model/pressure.ts';
import { FIELD, NO_NUMBERS, type Collector, type Field } from '../model/reading.ts';

const FILES: readonly { readonly name: string; readonly some: Field; readonly full: Field }[] = [
  { name: 'cpu.pressure', some: 'cpuWaitingSeconds', full: 'cpuStalledSeconds' },
  { name: 'memory.pressure', some: 'memoryWaitingSeconds', full: 'memoryStalledSeconds' },
  { name: 'io.pressure', some: 'ioWaitingSeconds', full: 'ioStalledSeconds' },
];

/**
 * Pressure stall information. It is kept by the v2 tree alone, but there for every cgroup, so a hybrid host tells it too
 * where the runtime puts its processes into both.
 */
export const pressure: Collector = {
  name: 'pressure',
  fields: FILES.flatMap(({ some, full }) => [some, full]),
  attach(view) {
    const files = FILES.map((each) => ({ ...each, file: view.unifiedFile(each.name) }));
    return {
      request(add, tick) {
        if (!tick.slow || !tick.unified) return;
        for (const { file } of files) add(file);
      },
      collect({ sample }, tick) {
        if (!tick.slow) return;
        for (const { file, some, full } of files) {
          const content = tick.unified ? file?.read() : undefined;
          const found = content === undefined ? undefined : parsePressure(content);
          sample[FIELD[some]] = found?.someSeconds ?? Number.NaN;
          sample[FIELD[full]] = found?.fullSeconds ?? Number.NaN;
        }
      },
      quick: () => NO_NUMBERS,
    };
  },
};
