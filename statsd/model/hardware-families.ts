import { escapeLabelValue, type OwnMetric } from './exposition.ts';
import { hostMetric } from './host-metric.ts';
import type { HostSensors, HwmonInput } from './host-reading.ts';

const labels = (pairs: Readonly<Record<string, string>>): string =>
  Object.entries(pairs)
    .map(([name, value]) => `${name}="${escapeLabelValue(value)}"`)
    .join(',');

const TEMPERATURES = [
  ['temp_celsius', 'input'],
  ['temp_max_celsius', 'max'],
  ['temp_crit_celsius', 'crit'],
  ['temp_crit_hyst_celsius', 'crit_hyst'],
] as const;

function hwmonMetrics(inputs: readonly HwmonInput[]): OwnMetric[] {
  const gauge = (name: string, rows: readonly (readonly [string, number])[]): OwnMetric =>
    hostMetric(`hwmon_${name}`, 'gauge', rows);
  const of = (kind: HwmonInput['kind'], attribute: string, unit: number): (readonly [string, number])[] =>
    inputs
      .filter((input) => input.kind === kind)
      .map(({ chip, sensor, values }) => [labels({ chip, sensor }), (values[attribute] ?? Number.NaN) / unit]);
  const chips = new Map(inputs.map(({ chip, chipName }) => [chip, chipName]));
  return [
    gauge(
      'chip_names',
      [...chips].map(([chip, name]) => [labels({ chip, chip_name: name }), 1]),
    ),
    gauge(
      'sensor_label',
      inputs.flatMap(({ chip, label, sensor }) => (label === undefined ? [] : [[labels({ chip, label, sensor }), 1]])),
    ),
    ...TEMPERATURES.map(([name, attribute]) => gauge(name, of('temp', attribute, 1000))),
    gauge('fan_rpm', of('fan', 'input', 1)),
  ];
}

/** Temperatures, fans, cooling, mains and clock rates, in node_exporter's names. */
export function hardwareMetrics(sensors: HostSensors | undefined): OwnMetric[] {
  if (sensors === undefined) return [];
  const { inputs, coolingDevices, powerSupplies, frequencies } = sensors;
  const cooling = (field: 'current' | 'most'): (readonly [string, number])[] =>
    coolingDevices.map((each) => [labels({ name: each.name, type: each.type }), each[field]]);
  const frequency = (field: 'hertz' | 'leastHertz' | 'mostHertz'): (readonly [string, number])[] =>
    frequencies.map((each) => [labels({ cpu: String(each.cpu) }), each[field]]);
  return [
    ...hwmonMetrics(inputs),
    hostMetric('cooling_device_cur_state', 'gauge', cooling('current')),
    hostMetric('cooling_device_max_state', 'gauge', cooling('most')),
    hostMetric(
      'power_supply_online',
      'gauge',
      powerSupplies.map(({ name, online }) => [labels({ power_supply: name }), online]),
    ),
    hostMetric('cpu_scaling_frequency_hertz', 'gauge', frequency('hertz')),
    hostMetric('cpu_scaling_frequency_min_hertz', 'gauge', frequency('leastHertz')),
    hostMetric('cpu_scaling_frequency_max_hertz', 'gauge', frequency('mostHertz')),
  ];
}
