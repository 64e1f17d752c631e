import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { usePolled } from '../api.ts';
import { thresholdOf, watchedPath, watchedSeries, type Watched } from '../attention-line.ts';
import type { AttentionItem } from '../attention.ts';
import { limitsOf, writerOf } from '../chart/live-values.ts';
import type { PastAnswer } from '../chart/past.ts';
import { nowUnixMs } from '../clock.ts';
import { formatDuration, plural } from '../format.ts';
import { Mark } from '../mark.tsx';
import { mayChange } from '../session.ts';
import { Sparkline } from '../sparkline.tsx';

const SHOWN = 8;

/** Often enough for lines of which a point is a quarter of a minute. */
const PAST_EVERY_MS = 15_000;

const past = signal<PastAnswer | undefined>(undefined);

/** Asks for the past of what is watched, as long as it is shown. */
function AskPast({ path }: { readonly path: string }): null {
  const { value } = usePolled<PastAnswer>(path, PAST_EVERY_MS);
  useEffect(() => {
    past.value = value;
  }, [value]);
  return null;
}

/** The last quarter of an hour of a value, with its threshold. */
function WatchedLine({ watched, isFrozen }: { readonly watched: Watched; readonly isFrozen: boolean }): JSX.Element {
  const { value } = past;
  const isKnown = watched.kind === 'host' || writerOf(watched.line) !== undefined;
  const limits = isKnown ? limitsOf({ ...watched, key: watched.line }) : undefined;
  const read = useMemo(() => () => watchedSeries(watched, value), [watched.line, watched.column, value]);
  return <Sparkline width={72} height={18} read={read} threshold={thresholdOf(watched, limits)} frozen={isFrozen} />;
}

function Line({ item }: { readonly item: AttentionItem }): JSX.Element {
  const what = item.href === undefined ? <span>{item.what}</span> : <Link href={item.href}>{item.what}</Link>;
  return (
    <li>
      <Mark kind={item.level === 'critical' ? 'critical' : 'late'}>
        <span class="level">{item.level}</span>
      </Mark>
      <span class="attention-what">{what}</span>
      <span class="attention-detail muted">{item.detail}</span>
      <span class="attention-line">
        {item.watched === undefined ? null : <WatchedLine watched={item.watched} isFrozen={item.isFrozen === true} />}
      </span>
      <span class="attention-since">
        {item.sinceUnixMs === undefined ? '' : `since ${formatDuration(nowUnixMs.value - item.sinceUnixMs)}`}
      </span>
      {item.silenceHref === undefined || !mayChange() ? null : (
        <Link class="button quiet" href={item.silenceHref} aria-label={`Silence ${item.what}`}>
          Silence
        </Link>
      )}
    </li>
  );
}

/** At most eight lines, worst first. */
export function Attention({ items }: { readonly items: readonly AttentionItem[] }): JSX.Element {
  const shown = items.slice(0, SHOWN);
  const more = items.length - SHOWN;
  const path = watchedPath(shown.flatMap(({ watched }) => watched ?? []));
  return (
    <section aria-labelledby="attention-title" class="attention">
      <div class="section-head">
        <h2 id="attention-title">Needs attention</h2>
      </div>
      {path === undefined ? null : <AskPast path={path} />}
      {items.length === 0 ? (
        <p class="quiet-line">
          <Mark kind="resolved">Nothing needs attention</Mark>
        </p>
      ) : (
        <ul>
          {shown.map((item) => (
            <Line key={item.id} item={item} />
          ))}
        </ul>
      )}
      {more > 0 ? (
        <p class="quiet-line">
          and {plural(more, 'more line')}: see <Link href="/alerts">alerts</Link>
        </p>
      ) : null}
    </section>
  );
}
