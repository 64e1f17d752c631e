import type { JSX } from 'preact';
import { nowUnixMs } from './clock.ts';
import { formatDuration, UNAVAILABLE } from './format.ts';
import { formatStamp } from './stamp.ts';
import { timeZone } from './time-zone.ts';

/** A moment by its distance from now, with the moment itself behind it. */
export function When({ at }: { readonly at: string | number | null | undefined }): JSX.Element {
  const moment = new Date(at ?? Number.NaN);
  if (Number.isNaN(moment.getTime())) return <>{UNAVAILABLE}</>;
  const agoMs = nowUnixMs.value - moment.getTime();
  return (
    <time dateTime={moment.toISOString()} title={formatStamp(moment.getTime(), timeZone.value)}>
      {agoMs >= 0 ? `${formatDuration(agoMs)} ago` : `in ${formatDuration(-agoMs)}`}
    </time>
  );
}
