import type { JSX } from 'preact';
import { formatDuration } from '../format.ts';
import { formatStamp } from '../stamp.ts';
import { timeZone } from '../time-zone.ts';
import type { ChartSpec } from './chart-spec.ts';
import type { Past } from './past.ts';
import { groupsOf, inGroup } from './table-rows.ts';
import { formatOn, type Scale } from './unit.ts';

interface TableProps {
  readonly spec: ChartSpec;
  readonly past: Past;
  readonly scale: Scale;
}

/** The same values as numbers, the newest first. */
export function PastTable({ spec, past, scale }: TableProps): JSX.Element {
  const groups = groupsOf(past.points);
  // The newest one may have fewer points.
  const oldest = groups.at(-1);
  const size = oldest === undefined ? 1 : oldest.end - oldest.first;
  return (
    <div class="table-frame chart-table" tabIndex={0} role="region" aria-label={`${spec.title}: table`}>
      <table class="fact-table">
        <caption class="muted">Mean (largest) of each {formatDuration(size * past.stepMs)}</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {spec.lines.map(({ name }) => (
              <th key={name} scope="col" class="numeric">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <tr key={group.first}>
              <th scope="row">{formatStamp(past.fromUnixMs + group.first * past.stepMs, timeZone.value)}</th>
              {spec.lines.map(({ name, column }) => {
                const { mean, max } = inGroup(column, group);
                return (
                  <td key={name} class="numeric">
                    {formatOn(scale, mean)}
                    {max === undefined ? null : <span class="muted"> ({formatOn(scale, max)})</span>}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
