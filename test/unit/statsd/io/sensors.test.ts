import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Sensors } from '../../../../statsd/io/sensors.ts';
import type { HostSensors } from '../../../../statsd/model/host-reading.ts';
import { hardwareMetrics } from '../../../../statsd/model/hardware-families.ts';
import { until } from '../../../support/until.ts';

let sysfs: string;

beforeEach(() => {
  sysfs = mkdtempSync(join(tmpdir(), 'weft-test-sensors-'));
});

afterEach(() => {
  rmSync(sysfs, { recursive: true });
});

function file(path: string, text: string): void {
  mkdirSync(dirname(join(sysfs, path)), { recursive: true });
  writeFileSync(join(sysfs, path), `${text}\n`);
}

function link(path: string, to: string): void {
  mkdirSync(dirname(join(sysfs, path)), { recursive: true });
  symlinkSync(join(sysfs, to), join(sysfs, path));
}

async function read(): Promise<HostSensors> {
  const sensors = new Sensors(sysfs);
  sensors.refresh();
  return await until(() => sensors.readings, { what: 'a round' });
}

/** A machine as a server with an Intel processor has it. */
function aServer(): void {
  const chip = 'devices/platform/coretemp.0/hwmon/hwmon3';
  file(`${chip}/name`, 'coretemp');
  file(`${chip}/temp1_input`, '41500');
  file(`${chip}/temp1_max`, '80000');
  file(`${chip}/temp1_crit`, '100000');
  file(`${chip}/temp1_label`, 'Package "id" 0');
  file(`${chip}/temp2_input`, '');
  link(`${chip}/device`, 'devices/platform/coretemp.0');
  link('class/hwmon/hwmon3', chip);
  file('class/hwmon/hwmon4/name', 'Fans & More');
  file('class/hwmon/hwmon4/fan1_input', '1200');
  file('class/thermal/cooling_device0/type', 'Processor');
  file('class/thermal/cooling_device0/cur_state', '2');
  file('class/thermal/cooling_device0/max_state', '10');
  file('class/thermal/thermal_zone0/type', 'x86_pkg_temp');
  file('class/power_supply/AC/online', '1');
  file('class/power_supply/BAT0/capacity', '93');
  for (const cpu of [0, 10, 2]) {
    file(`devices/system/cpu/cpu${cpu}/cpufreq/scaling_cur_freq`, '2400000');
    file(`devices/system/cpu/cpu${cpu}/cpufreq/scaling_min_freq`, '800000');
    file(`devices/system/cpu/cpu${cpu}/cpufreq/scaling_max_freq`, '3900000');
  }
  file('devices/system/cpu/cpufreq/boost', '1');
}

const textOf = (sensors: HostSensors): string[] =>
  hardwareMetrics(sensors).flatMap(({ name, values }) =>
    [...values].filter(([, value]) => !Number.isNaN(value)).map(([labels, value]) => `${name}{${labels}} ${value}`),
  );

test('temperatures, fans, cooling, mains and clock rates in node_exporter’s names', async () => {
  aServer();
  expect(textOf(await read())).toEqual([
    'node_hwmon_chip_names{chip="platform_coretemp_0",chip_name="coretemp"} 1',
    'node_hwmon_chip_names{chip="fans___more",chip_name="Fans & More"} 1',
    'node_hwmon_sensor_label{chip="platform_coretemp_0",label="Package \\"id\\" 0",sensor="temp1"} 1',
    'node_hwmon_temp_celsius{chip="platform_coretemp_0",sensor="temp1"} 41.5',
    'node_hwmon_temp_max_celsius{chip="platform_coretemp_0",sensor="temp1"} 80',
    'node_hwmon_temp_crit_celsius{chip="platform_coretemp_0",sensor="temp1"} 100',
    'node_hwmon_fan_rpm{chip="fans___more",sensor="fan1"} 1200',
    'node_cooling_device_cur_state{name="0",type="Processor"} 2',
    'node_cooling_device_max_state{name="0",type="Processor"} 10',
    'node_power_supply_online{power_supply="AC"} 1',
    ...['0', '2', '10'].map((cpu) => `node_cpu_scaling_frequency_hertz{cpu="${cpu}"} 2400000000`),
    ...['0', '2', '10'].map((cpu) => `node_cpu_scaling_frequency_min_hertz{cpu="${cpu}"} 800000000`),
    ...['0', '2', '10'].map((cpu) => `node_cpu_scaling_frequency_max_hertz{cpu="${cpu}"} 3900000000`),
  ]);
});

test('a machine without any has none, and says nothing', async () => {
  expect(await read()).toEqual({ inputs: [], coolingDevices: [], powerSupplies: [], frequencies: [] });
  expect(textOf(await read())).toEqual([]);
  expect(hardwareMetrics(undefined)).toEqual([]);
});

test('a round is as the last one is over: what is plugged in or taken out is seen by the next', async () => {
  aServer();
  const sensors = new Sensors(sysfs);
  sensors.refresh();
  await until(() => sensors.readings, { what: 'a round' });
  rmSync(join(sysfs, 'class/hwmon/hwmon4'), { recursive: true });
  file('class/power_supply/AC/online', '0');
  sensors.refresh();
  await until(() => sensors.readings?.powerSupplies[0]?.online === 0, { what: 'the next round' });
  expect(sensors.readings!.inputs.map(({ sensor }) => sensor)).toEqual(['temp1', 'temp2']);
});
