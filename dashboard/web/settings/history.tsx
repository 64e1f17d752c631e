import type { JSX } from 'preact';
import { usePolled } from '../api.ts';
import { nowUnixMs } from '../clock.ts';
import { Facts, Fault } from '../facts.tsx';
import { formatBytes, formatCount, formatDuration, UNAVAILABLE } from '../format.ts';
import { Mark } from '../mark.tsx';
import type { ServerStatus } from './status.ts';

function since(at: string | null): string {
  return at === null ? UNAVAILABLE : `back to ${formatDuration(nowUnixMs.value - Date.parse(at))} ago`;
}

function Stored({ history }: Pick<ServerStatus, 'history'>): JSX.Element {
  const { complete, reason, lostBlocks, bytes, series } = history;
  return (
    <Facts
      facts={[
        [
          'State',
          complete ? <Mark kind="ok">complete</Mark> : <Mark kind="late">something is missing: {reason ?? ''}</Mark>,
        ],
        ['On the disk', formatBytes(bytes ?? undefined)],
        ['Lines', formatCount(series ?? undefined)],
        ['By the minute', since(history.oldestMinuteAt)],
        ['By a quarter of an hour', since(history.oldestQuarterAt)],
        ['Lost blocks of ten seconds', formatCount(lostBlocks)],
      ]}
    />
  );
}

function RemoteWrite({ remoteWrite }: Pick<ServerStatus, 'remoteWrite'>): JSX.Element {
  if (remoteWrite === null)
    return (
      <p class="muted">
        Nothing is sent to another store: <code>--remote-write-url</code> names one.
      </p>
    );
  const { reason, sentSamples, waitingRequests, droppedSamples, refusedSamples } = remoteWrite;
  return (
    <Facts
      facts={[
        [
          'State',
          reason === undefined ? <Mark kind="ok">gets through</Mark> : <Mark kind="late">held up: {reason}</Mark>,
        ],
        ['Samples sent', formatCount(sentSamples)],
        ['Requests waiting', formatCount(waitingRequests)],
        ['Samples given up', formatCount(droppedSamples)],
        ['Samples refused', formatCount(refusedSamples)],
      ]}
    />
  );
}

/** How far back the past is kept, what it takes, and how the remote store does. */
export function History(): JSX.Element {
  const { value, reason } = usePolled<ServerStatus>('/status');
  return (
    <div class="form">
      <Fault reason={reason} />
      {value === undefined ? null : (
        <>
          <h3>Kept here</h3>
          <Stored history={value.history} />
          <h3>Remote store</h3>
          <RemoteWrite remoteWrite={value.remoteWrite} />
        </>
      )}
    </div>
  );
}
