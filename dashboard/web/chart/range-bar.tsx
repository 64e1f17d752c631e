import type { JSX } from 'preact';
import { formatStamp } from '../stamp.ts';
import { timeZone, type TimeZone } from '../time-zone.ts';
import { CPU_MODES, type CpuMode } from './cpu-mode.ts';
import { isLive, PRESETS, type Range } from './range.ts';
import type { ChartView } from './use-chart-view.ts';

interface ChoiceProps<Id extends string> {
  readonly label: string;
  readonly chosen: Id | undefined;
  readonly options: readonly { readonly id: Id; readonly name: string }[];
  readonly onChoose: (id: Id) => void;
}

/** One of a few, side by side. */
function Choice<Id extends string>({ label, chosen, options, onChoose }: ChoiceProps<Id>): JSX.Element {
  return (
    <div class="segments" role="group" aria-label={label}>
      {options.map(({ id, name }) => (
        <button
          key={id}
          type="button"
          aria-pressed={id === chosen}
          onClick={() => {
            onChoose(id);
          }}
        >
          {name}
        </button>
      ))}
    </div>
  );
}

const ZONES: readonly { readonly id: TimeZone; readonly name: string }[] = [
  { id: 'local', name: 'Local' },
  { id: 'utc', name: 'UTC' },
];

const FORMS = [
  { id: 'chart', name: 'Charts' },
  { id: 'table', name: 'Tables' },
] as const;

function Span({ range, goLive }: { readonly range: Range; readonly goLive: () => void }): JSX.Element | null {
  if (range.kind === 'last') return isLive(range) ? null : <span class="muted">moves on by itself</span>;
  const zone = timeZone.value;
  return (
    <>
      <span>
        {formatStamp(range.fromUnixMs, zone)} to {formatStamp(range.toUnixMs, zone)}
      </span>
      <button type="button" class="button" title="Go live (l)" onClick={goLive}>
        Back to live
      </button>
    </>
  );
}

const ALL_MODES: readonly CpuMode[] = CPU_MODES.map(({ mode }) => mode);

interface RangeBarProps {
  readonly view: ChartView;
  /** Those that mean something on this page. */
  readonly cpuModes?: readonly CpuMode[];
  /** Where what is on the screen is had as a file. */
  readonly exportPath: (format: 'json' | 'csv') => string;
}

/** Which time is shown, how CPU and times are meant, as drawings or as tables, and the same as a file. */
export function RangeBar({ view, cpuModes = ALL_MODES, exportPath }: RangeBarProps): JSX.Element {
  const { range, cpuMode, as, setParam, setRange, goLive } = view;
  return (
    <div class="range-bar" role="group" aria-label="What the charts show">
      <Choice<string>
        label="Time"
        chosen={range.kind === 'last' ? range.id : undefined}
        options={PRESETS.map(({ id, name }) => ({
          id,
          name: isLive({ kind: 'last', id, ms: 0 }) ? `Live ${name}` : name,
        }))}
        onChoose={(id) => {
          const preset = PRESETS.find((candidate) => candidate.id === id);
          if (preset !== undefined) setRange({ kind: 'last', id: preset.id, ms: preset.ms });
        }}
      />
      <Span range={range} goLive={goLive} />
      <Choice
        label="CPU in"
        chosen={cpuModes.includes(cpuMode) ? cpuMode : cpuModes[0]}
        options={CPU_MODES.filter(({ mode }) => cpuModes.includes(mode)).map(({ mode, name }) => ({ id: mode, name }))}
        onChoose={(mode) => {
          setParam('cpu', mode === 'limit' ? undefined : mode);
        }}
      />
      <Choice
        label="Form"
        chosen={as}
        options={FORMS}
        onChoose={(form) => {
          setParam('as', form === 'chart' ? undefined : form);
        }}
      />
      <Choice
        label="Times in"
        chosen={timeZone.value}
        options={ZONES}
        onChoose={(zone) => {
          timeZone.value = zone;
        }}
      />
      <span class="range-export">
        Export{' '}
        <a href={exportPath('csv')} download="weft-history.csv">
          CSV
        </a>{' '}
        <a href={exportPath('json')} download="weft-history.json">
          JSON
        </a>
      </span>
    </div>
  );
}
