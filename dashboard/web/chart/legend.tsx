import type { JSX } from 'preact';
import type { ChartLine, ChartSpec } from './chart-spec.ts';
import { colourToken, dashOf } from './palette.ts';
import { extentOf } from './past.ts';
import { formatOn, type Scale } from './unit.ts';

/** A piece of the line as it is drawn, in its colour and with its dashes. */
function Swatch({ line }: { readonly line: number }): JSX.Element {
  return (
    <svg class="swatch" viewBox="0 0 24 8" width="24" height="8" aria-hidden="true">
      <line
        x1="0"
        y1="4"
        x2="24"
        y2="4"
        stroke-width="2"
        stroke-dasharray={dashOf(line).join(' ')}
        style={{ stroke: `var(${colourToken(line)})` }}
      />
    </svg>
  );
}

interface RowProps {
  readonly line: ChartLine;
  readonly index: number;
  readonly scale: Scale;
  readonly point: number | undefined;
}

function Row({ line, index, scale, point }: RowProps): JSX.Element {
  const { min, mean, max, last } = extentOf(line.column);
  const shown = point === undefined ? last : line.column.avg[point];
  return (
    <tr>
      <th scope="row">
        <Swatch line={index} />
        <span class="legend-name" title={line.name}>
          {line.name}
        </span>
      </th>
      <td class="numeric legend-now">{formatOn(scale, shown)}</td>
      {[min, mean, max].map((value, column) => (
        <td key={column} class="numeric">
          {formatOn(scale, value)}
        </td>
      ))}
    </tr>
  );
}

interface LegendProps {
  readonly spec: ChartSpec;
  readonly scale: Scale;
  readonly point: number | undefined;
  /** Time of the point, in words. */
  readonly at: string;
}

/** Which line is which, its value now or under the cursor, and what it was in all of the time shown. */
export function Legend({ spec, scale, point, at }: LegendProps): JSX.Element {
  return (
    <table class="chart-legend" aria-label={`${spec.title}: values`}>
      <thead>
        <tr>
          <td />
          <th scope="col" class="numeric">
            {at}
          </th>
          <th scope="col" class="numeric">
            min
          </th>
          <th scope="col" class="numeric">
            mean
          </th>
          <th scope="col" class="numeric">
            max
          </th>
        </tr>
      </thead>
      <tbody>
        {spec.lines.map((line, index) => (
          <Row key={line.name} line={line} index={index} scale={scale} point={point} />
        ))}
      </tbody>
    </table>
  );
}
