import { FlatKeys, singleUint } from '../model/cgroup-text.ts';
import { FIELD, type CgroupView, type Collector, type Reader } from '../model/reading.ts';

// Shared by all containers: values are copied out right after each scan.
const v2Stat = new FlatKeys(['usage_usec', 'throttled_usec', 'nr_periods', 'nr_throttled']);
const v1Stat = new FlatKeys(['throttled_time', 'nr_periods', 'nr_throttled']);

function attachV2(view: CgroupView): Reader {
  const stat = view.file('cpu', 'cpu.stat');
  return {
    collect(sample) {
      const length = stat?.read() ?? -1;
      if (stat === undefined || length < 0) v2Stat.values.fill(Number.NaN);
      else v2Stat.scan(stat.bytes, length);
      const [usage = Number.NaN, throttled = Number.NaN, periods = Number.NaN, throttledPeriods = Number.NaN] =
        v2Stat.values;
      sample[FIELD.cpuUsageSeconds] = usage / 1e6;
      sample[FIELD.cpuThrottledSeconds] = throttled / 1e6;
      sample[FIELD.cpuPeriods] = periods;
      sample[FIELD.cpuThrottledPeriods] = throttledPeriods;
    },
  };
}

function attachV1(view: CgroupView): Reader {
  const usage = view.file('cpuacct', 'cpuacct.usage');
  const stat = view.version('cpu') === 1 ? view.file('cpu', 'cpu.stat') : undefined;
  return {
    collect(sample, tick) {
      const length = usage?.read() ?? -1;
      sample[FIELD.cpuUsageSeconds] =
        usage === undefined || length < 0 ? Number.NaN : singleUint(usage.bytes, length, usage.path) / 1e9;
      // Without a quota these counters stand still.
      const limited = Number.isFinite(sample[FIELD.cpuQuotaMicros]);
      if (stat === undefined || !(limited || tick.slow)) return;
      const statLength = stat.read();
      if (statLength < 0) v1Stat.values.fill(Number.NaN);
      else v1Stat.scan(stat.bytes, statLength);
      const [throttled = Number.NaN, periods = Number.NaN, throttledPeriods = Number.NaN] = v1Stat.values;
      sample[FIELD.cpuThrottledSeconds] = throttled / 1e9;
      sample[FIELD.cpuPeriods] = periods;
      sample[FIELD.cpuThrottledPeriods] = throttledPeriods;
    },
  };
}

/** CPU time and throttling: cpuacct.usage and cpu.stat (v1), cpu.stat (v2, whose usage needs no controller). */
export const cpu: Collector = {
  name: 'cpu',
  fields: ['cpuUsageSeconds', 'cpuThrottledSeconds', 'cpuPeriods', 'cpuThrottledPeriods'],
  attach: (view) => (view.version('cpuacct') === 1 ? attachV1(view) : attachV2(view)),
};
