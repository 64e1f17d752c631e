import { fieldTerm } from '../filter.ts';
import type { Labels } from './matcher.ts';

/** Which alert it is; others may change while the trouble is the same. */
const FIELDS = [
  ['rule', 'alertname'],
  ['host', 'host'],
  ['name', 'container'],
] as const;

/** The filter of alerts that finds those with these labels. */
export function alertFilter(labels: Labels): string {
  return FIELDS.flatMap(([field, label]) => {
    const value = labels[label];
    return value === undefined || value === '' ? [] : [fieldTerm(field, value)];
  }).join(' ');
}

/** A page of alerts with that filter. Names are their owners' to choose: half a surrogate pair is no URL. */
export function alertsPage(labels: Labels, page = '/alerts'): string {
  const filter = alertFilter(labels);
  return filter === '' ? page : `${page}?q=${encodeURIComponent(filter.toWellFormed())}`;
}
