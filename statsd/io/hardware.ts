import { cleanText } from '../model/text.ts';
import type { HardwareView } from '../status-wire.ts';

/** What firmware writes where there is nothing to tell. */
const NOTHING = /^(?:|-|none|unknown|default string|to be filled by o\.?e\.?m\.?|not specified|not settable)$/i;

function word(text: unknown): string | undefined {
  const clean = typeof text === 'string' ? cleanText(text).trim() : '';
  return NOTHING.test(clean) ? undefined : clean;
}

const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined;

/** Without what is not known. */
type Known<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
const known = <T extends object>(facts: T): Known<T> =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as Known<T>;

/**
 * What the machine is made of: maker, model, processor, system, memory modules; no serial numbers. systeminformation asks
 * commands such as lscpu, and dmidecode where this agent is root, so it is loaded and asked only when somebody wants to know.
 */
export async function readHardware(): Promise<HardwareView> {
  const { cpu, memLayout, osInfo, system } = (await import('systeminformation')).default;
  const [machine, processor, release, modules] = await Promise.all([system(), cpu(), osInfo(), memLayout()]);
  return {
    v: 1,
    ...known({ manufacturer: word(machine.manufacturer), model: word(machine.model) }),
    virtual: machine.virtual,
    cpu: known({
      manufacturer: word(processor.manufacturer),
      brand: word(processor.brand),
      physicalCores: number(processor.physicalCores),
      sockets: number(processor.processors),
      maxMhz: number((number(processor.speedMax) ?? 0) * 1000),
    }),
    os: known({ distribution: word(release.distro), release: word(release.release), architecture: word(release.arch) }),
    memoryModules: modules.flatMap((module) => {
      const type = word(module.type);
      // Without dmidecode it tells the whole memory as one module.
      return type === undefined
        ? []
        : [known({ sizeBytes: number(module.size), type, clockMhz: number(module.clockSpeed) })];
    }),
  };
}
