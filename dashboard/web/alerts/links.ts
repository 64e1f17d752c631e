import { matcherText } from '../../model/alert/matcher.ts';
import { fieldTerm } from '../../model/filter.ts';
import type { EpisodeView } from '../../model/alert/episode.ts';
import type { AlertView } from '../../wire.ts';
import type { Span } from '../events/brush.ts';
import { inSpan } from '../events/event-words.ts';
import { containerPage, containersWith, hostPage, inAddress } from '../links.ts';
import { hosts } from '../store.ts';

/** What is known of where something happened; labels alone say less. */
type Subject = Pick<AlertView, 'labels' | 'nodeId' | 'series'>;

const BEFORE_MS = 10 * 60_000;
const AFTER_MS = 5 * 60_000;

/** An episode with the minutes around it. */
export function episodeSpan(
  { firedAt, resolvedAt }: Pick<EpisodeView, 'firedAt' | 'resolvedAt'>,
  nowUnixMs: number,
): Span {
  const endUnixMs = resolvedAt === null ? nowUnixMs : Date.parse(resolvedAt) + AFTER_MS;
  return { fromUnixMs: Date.parse(firedAt) - BEFORE_MS, toUnixMs: Math.min(nowUnixMs, endUnixMs) };
}

/**
 * The page of what an alert is about, in that stretch of time, or the containers that its labels name; nothing when they
 * do not say.
 */
export function subjectLink({ labels, nodeId, series }: Subject, span?: Span): string | undefined {
  const { host, container } = labels;
  if (series !== undefined) return inSpan(containerPage({ series, key: series }), span);
  if (container === undefined) {
    const node = nodeId ?? hosts.value.find(({ name }) => name === host)?.nodeId;
    if (node !== undefined) return inSpan(hostPage(node), span);
  }
  const terms = [
    ...(host === undefined ? [] : [fieldTerm('host', host)]),
    ...(container === undefined ? [] : [fieldTerm('name', container)]),
  ];
  return terms.length === 0 ? undefined : containersWith(terms.join(' '));
}

/** Labels that say which alert it is; others, such as the image, change while the trouble is the same. */
const SILENCED_BY = ['alertname', 'host', 'container', 'peer', 'rule', 'channel'];

/** The form for a silence; what follows are its matchers. */
export const SILENCE_FORM = '/alerts/silences?new=';

/** The form for a silence of just this alert. */
export function silenceLink(labels: AlertView['labels']): string {
  const matchers = SILENCED_BY.flatMap((name) => {
    const value = labels[name];
    return value === undefined ? [] : [matcherText({ name, value, isRegex: false, isEqual: true })];
  });
  return `${SILENCE_FORM}${inAddress(matchers.join(','))}`;
}
