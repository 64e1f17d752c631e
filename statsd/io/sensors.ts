import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { HostSensors, HwmonInput } from '../model/host-reading.ts';
import { readBounded } from './bounded-file.ts';

/** A file of sysfs says that it has a page, whatever is in it. */
const MAX_BYTES = 4096;
const INPUT = /^(?<sensor>(?<kind>temp|fan)\d+)_input$/;
const ATTRIBUTES = ['input', 'max', 'crit', 'crit_hyst'];

const names = async (directory: string): Promise<string[]> => (await readdir(directory).catch(() => [])).sort();

async function text(path: string): Promise<string | undefined> {
  const found = (await readBounded(path, MAX_BYTES))?.trim();
  return found === '' ? undefined : found;
}

/** NaN where it is not known: a sensor that is asleep or gone fails with EIO or ENODATA. */
async function number(path: string): Promise<number> {
  const found = await text(path);
  return found === undefined ? Number.NaN : Number(found);
}

/** One after the other: a sensor behind a slow bus takes one thread, and milliseconds. */
async function inTurn<In, Out>(items: readonly In[], each: (item: In) => Promise<Out>): Promise<Out[]> {
  const found: Out[] = [];
  for (const item of items) found.push(await each(item));
  return found;
}

const labelText = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9:_]/g, '_')
    .replace(/^_+|_+$/g, '');

/** The device's bus and name as node_exporter puts them together: `platform_coretemp_0`; else the driver's name. */
async function chipOf(directory: string, driver: string | undefined): Promise<string> {
  const device = await realpath(join(directory, 'device')).catch(() => undefined);
  if (device === undefined) return labelText(driver ?? basename(directory));
  return `${labelText(basename(dirname(device)))}_${labelText(basename(device))}`;
}

async function hwmonInputs(directory: string): Promise<HwmonInput[]> {
  // Old drivers have their files in the device's directory.
  const places = [directory, join(directory, 'device')];
  const driver = (await inTurn(places, (place) => text(join(place, 'name')))).find((name) => name !== undefined);
  const chip = await chipOf(directory, driver);
  const inputs = await inTurn(places, async (place) =>
    inTurn(await names(place), async (file): Promise<HwmonInput | undefined> => {
      const { sensor, kind } = INPUT.exec(file)?.groups ?? {};
      if (sensor === undefined) return undefined;
      const values = await inTurn(ATTRIBUTES, async (attribute): Promise<[string, number]> => [
        attribute,
        await number(join(place, `${sensor}_${attribute}`)),
      ]);
      return {
        chip,
        chipName: driver ?? chip,
        sensor,
        kind: kind === 'fan' ? 'fan' : 'temp',
        label: await text(join(place, `${sensor}_label`)),
        values: Object.fromEntries(values),
      };
    }),
  );
  return inputs.flat().filter((input) => input !== undefined);
}

async function readSensors(sysfs: string): Promise<HostSensors> {
  const below = async (folder: string, pattern: RegExp): Promise<string[]> =>
    (await names(join(sysfs, folder))).filter((name) => pattern.test(name)).map((name) => join(sysfs, folder, name));
  const policies = (await below('devices/system/cpu', /^cpu\d+$/)).map((cpu) => join(cpu, 'cpufreq'));
  const supplies = await inTurn(await below('class/power_supply', /./), async (directory) => ({
    name: basename(directory),
    online: await number(join(directory, 'online')),
  }));
  const frequencies = await inTurn(policies, async (directory) => {
    const hertz = async (name: string): Promise<number> => (await number(join(directory, name))) * 1000;
    return {
      cpu: Number(basename(dirname(directory)).slice('cpu'.length)),
      hertz: await hertz('scaling_cur_freq'),
      leastHertz: await hertz('scaling_min_freq'),
      mostHertz: await hertz('scaling_max_freq'),
    };
  });
  const cooling = await inTurn(await below('class/thermal', /^cooling_device\d+$/), async (directory) => ({
    name: basename(directory).slice('cooling_device'.length),
    type: (await text(join(directory, 'type'))) ?? '',
    current: await number(join(directory, 'cur_state')),
    most: await number(join(directory, 'max_state')),
  }));
  return {
    inputs: (await inTurn(await below('class/hwmon', /^hwmon\d+$/), hwmonInputs)).flat(),
    coolingDevices: cooling,
    powerSupplies: supplies.filter(({ online }) => !Number.isNaN(online)),
    frequencies: frequencies.filter(({ hertz }) => !Number.isNaN(hertz)).sort((a, b) => a.cpu - b.cpu),
  };
}

/** What the host's hardware tells of itself in sysfs. A round that is not over, for a sensor that hangs, is not joined by another. */
export class Sensors {
  readonly #sysfs: string;
  #isReading = false;
  #readings: HostSensors | undefined;

  constructor(sysfs: string) {
    this.#sysfs = sysfs;
  }

  /** As of the last round that is over; `undefined` before the first. */
  get readings(): HostSensors | undefined {
    return this.#readings;
  }

  /** Begins a round; its answers are there when it is over. @throws nothing. */
  refresh(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    void this.#read();
  }

  async #read(): Promise<void> {
    try {
      this.#readings = await readSensors(this.#sysfs);
    } finally {
      this.#isReading = false;
    }
  }
}
