import { expect, test } from 'vitest';
import { renderOwn } from '../../../../statsd/model/rendering.ts';
import { coresIn, machineMetrics, nodeMemoryBytes } from '../../../../statsd/model/machine.ts';
import { checkExposition } from '../../../support/exposition.ts';
import { textOf } from '../pages.ts';

const cpu = (processor: number, socket: number, core: number): string =>
  `processor\t: ${processor}\nphysical id\t: ${socket}\nsiblings\t: 2\ncore id\t\t: ${core}\ncpu cores\t: 2\n`;

test.each([
  { name: 'two threads of one core', text: [cpu(0, 0, 0), cpu(1, 0, 0)].join('\n'), want: [1, 1] },
  {
    name: 'two sockets of two cores',
    text: [cpu(0, 0, 0), cpu(1, 0, 1), cpu(2, 1, 0), cpu(3, 1, 1)].join('\n'),
    want: [4, 2],
  },
  { name: 'ARM', text: 'processor\t: 0\nBogoMIPS\t: 243.75\n\nprocessor\t: 1\n', want: [NaN, NaN] },
  { name: 'nothing', text: '', want: [NaN, NaN] },
])('cores and sockets: $name', ({ text, want }) => {
  const { physicalCores, sockets } = coresIn(text);
  expect([physicalCores, sockets]).toEqual(want);
});

test('memory of a node', () => {
  expect(nodeMemoryBytes('Node 0 MemTotal:       24683656 kB\nNode 0 MemFree:        1 kB\n')).toBe(24683656 * 1024);
  expect(nodeMemoryBytes('')).toBeNaN();
});

test('on /metrics: what is unknown is left out', () => {
  const facts = { physicalCores: NaN, sockets: 2, nodes: [{ id: '0', memoryBytes: 1024 }] };
  const text = textOf((pages) => renderOwn(pages, machineMetrics(facts, 0)));
  expect(checkExposition(text)).toEqual([]);
  expect(text.match(/^[^#].*$/gm)).toEqual([
    'machine_cpu_sockets 2',
    'machine_swap_bytes 0',
    'machine_node_memory_capacity_bytes{node_id="0"} 1024',
  ]);
});
