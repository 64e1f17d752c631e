import { readdirSync, readFileSync } from 'node:fs';
import { coresIn, nodeMemoryBytes, type MachineFacts } from '../model/machine.ts';

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // this kernel, or this machine, has none
  }
}

/** How the machine is built, from proc and sysfs: read once, since it does not change while it runs. */
export function readMachineFacts({ procRoot, sysfs }: { procRoot: string; sysfs: string }): MachineFacts {
  const folder = `${sysfs}/devices/system/node`;
  let nodes: string[] = [];
  try {
    nodes = readdirSync(folder).filter((name) => /^node\d+$/.test(name));
  } catch {
    // a kernel without NUMA
  }
  return {
    ...coresIn(textOf(`${procRoot}/cpuinfo`)),
    nodes: nodes.map((name) => ({
      id: name.slice('node'.length),
      memoryBytes: nodeMemoryBytes(textOf(`${folder}/${name}/meminfo`)),
    })),
  };
}
