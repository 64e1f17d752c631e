import { points, type Family, type Measured, type Point } from './family.ts';
import type { DeviceName } from './io-families.ts';
import type { LayerUsage } from './layer.ts';
import { TASK_STATES, type ProcessCounts } from './process-text.ts';

type SurveyGauge<T> = readonly [name: string, help: string, value: (of: T) => number];

const asGauge = (name: string, help: string, make: NonNullable<Family['points']>): Family => ({
  ...points(name, help, make),
  type: 'gauge',
});

const PROCESS_GAUGES: readonly SurveyGauge<ProcessCounts>[] = [
  ['container_processes', 'Processes in the container.', ({ processes }) => processes],
  ['container_file_descriptors', 'Open descriptors of its processes.', ({ descriptors }) => descriptors],
  ['container_sockets', 'Those of them that are sockets.', ({ sockets }) => sockets],
];

const tasksOf = ({ details: { processes } }: Measured): Point[] => {
  const tasks = processes?.tasks;
  return tasks === undefined ? [] : TASK_STATES.map((state) => [`state="${state}"`, tasks[state]]);
};

/** What `--process-metrics` adds; absent until a container was looked at. */
export const PROCESS_FAMILIES: readonly Family[] = [
  ...PROCESS_GAUGES.map(([name, help, value]) =>
    asGauge(name, help, ({ details: { processes } }) => (processes === undefined ? [] : [['', value(processes)]])),
  ),
  asGauge('container_ulimits_soft', 'Soft limit of the first process, Infinity for none.', ({ details }) =>
    details.processes === undefined ? [] : [['ulimit="max_open_files"', details.processes.openFilesLimit]],
  ),
  asGauge('container_tasks_state', 'Threads by state.', tasksOf),
];

const LAYER_GAUGES: readonly SurveyGauge<LayerUsage>[] = [
  ['container_fs_usage_bytes', 'Bytes on disk of the writable layer.', ({ usageBytes }) => usageBytes],
  ['container_fs_limit_bytes', 'Size of the file system that it is on.', ({ limitBytes }) => limitBytes],
  ['container_fs_inodes_total', 'Inodes of that file system.', ({ inodes }) => inodes],
  ['container_fs_inodes_free', 'Free inodes of that file system.', ({ inodesFree }) => inodesFree],
];

/** What `--layer-size` adds; absent until a container's layer was looked at. */
export const layerFamilies = (nameOf: DeviceName): readonly Family[] =>
  LAYER_GAUGES.map(([name, help, value]) =>
    asGauge(name, help, ({ details: { layer } }) =>
      layer === undefined ? [] : [[`device="${nameOf(layer)}"`, value(layer)]],
    ),
  );

/** Series beyond one for each family. */
export const MORE_SURVEY_SERIES = TASK_STATES.length - 1;
