import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import { browserNowMs, nowUnixMs } from './clock.ts';
import { formatDuration } from './format.ts';
import { Mark } from './mark.tsx';
import { connection, retryNow } from './socket.ts';
import { lastFrame } from './store.ts';

function DataAge(): JSX.Element {
  const frame = lastFrame.value;
  if (frame === undefined) return <>There is no data yet.</>;
  return <>What you see is {formatDuration(nowUnixMs.value - frame.timeUnixMs)} old.</>;
}

function Countdown({ retryAtMs }: { readonly retryAtMs: number }): JSX.Element {
  const seconds = Math.ceil((retryAtMs - browserNowMs.value) / 1_000);
  return <span>{seconds > 0 ? `Next try in ${seconds} s.` : 'Trying now.'}</span>;
}

/** Why nothing moves, how old the page is, and when it tries again; nothing while it is connected. */
export function Banner(): JSX.Element | null {
  const state = connection.value;
  if (state.kind === 'lost') {
    return (
      <div class="banner" data-banner="lost">
        <Mark kind="stale">
          <strong>{state.reason}.</strong>
        </Mark>
        <span>
          <DataAge />
        </span>
        <Countdown retryAtMs={state.retryAtMs} />
        <button type="button" class="button" onClick={retryNow}>
          Try now
        </button>
      </div>
    );
  }
  if (state.kind !== 'refused') return null;
  return (
    <div class="banner" data-banner="refused">
      <Mark kind="stale">
        <strong>Your login has expired.</strong>
      </Mark>
      <span>
        <DataAge />
      </span>
      <Link href="/login" class="button">
        Log in
      </Link>
    </div>
  );
}
