import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import type { AttentionItem } from '../attention.ts';
import { nowUnixMs } from '../clock.ts';
import { formatDuration, plural } from '../format.ts';
import { Mark } from '../mark.tsx';
import { mayChange } from '../session.ts';

const SHOWN = 8;

function Line({ item }: { readonly item: AttentionItem }): JSX.Element {
  const what = item.href === undefined ? <span>{item.what}</span> : <Link href={item.href}>{item.what}</Link>;
  return (
    <li>
      <Mark kind={item.level === 'critical' ? 'critical' : 'late'}>
        <span class="level">{item.level}</span>
      </Mark>
      <span class="attention-what">{what}</span>
      <span class="attention-detail muted">{item.detail}</span>
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
  const more = items.length - SHOWN;
  return (
    <section aria-labelledby="attention-title" class="attention">
      <div class="section-head">
        <h2 id="attention-title">Needs attention</h2>
      </div>
      {items.length === 0 ? (
        <p class="quiet-line">
          <Mark kind="resolved">Nothing needs attention</Mark>
        </p>
      ) : (
        <ul>
          {items.slice(0, SHOWN).map((item) => (
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
