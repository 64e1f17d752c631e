import { matcherText } from '../../model/alert/matcher.ts';
import { fieldTerm } from '../../model/filter.ts';
import type { AlertView } from '../../wire.ts';
import { containerPage, containersWith, hostPage, inAddress } from '../links.ts';
import { hosts } from '../store.ts';

/** What is known of where something happened; labels alone say less. */
type Subject = Pick<AlertView, 'labels' | 'nodeId' | 'series'>;

/** The page of what an alert is about, or the containers that its labels name; nothing when they do not say. */
export function subjectLink({ labels, nodeId, series }: Subject): string | undefined {
  const { host, container } = labels;
  if (series !== undefined) return containerPage({ series, key: series });
  if (container === undefined) {
    const node = nodeId ?? hosts.value.find(({ name }) => name === host)?.nodeId;
    if (node !== undefined) return hostPage(node);
  }
  const terms = [
    ...(host === undefined ? [] : [fieldTerm('host', host)]),
    ...(container === undefined ? [] : [fieldTerm('name', container)]),
  ];
  return terms.length === 0 ? undefined : containersWith(terms.join(' '));
}

/** Labels that say which alert it is; others, such as the image, change while the trouble is the same. */
const SILENCED_BY = ['alertname', 'host', 'container', 'peer', 'rule', 'channel'];

/** The form for a silence of just this alert. */
export function silenceLink(labels: AlertView['labels']): string {
  const matchers = SILENCED_BY.flatMap((name) => {
    const value = labels[name];
    return value === undefined ? [] : [matcherText({ name, value, isRegex: false, isEqual: true })];
  });
  return `/alerts/silences?new=${inAddress(matchers.join(','))}`;
}
