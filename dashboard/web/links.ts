import { fieldTerm } from '../model/filter.ts';
import type { ContainerView } from '../wire.ts';

/** A name in an address: half a surrogate pair is none, and throws. */
export function inAddress(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** The containers page with this filter. */
export function containersWith(filter: string): string {
  return `/containers?q=${inAddress(filter)}`;
}

/** The containers page for one host. */
export function containersOfHost(hostName: string): string {
  return containersWith(fieldTerm('host', hostName));
}

/** The hosts page with this filter. */
export function hostsWith(filter: string): string {
  return `/hosts?q=${inAddress(filter)}`;
}

/** The page of one host. */
export function hostPage(nodeId: string): string {
  return `/hosts/${inAddress(nodeId)}`;
}

/** What a container is known by from one creation to the next, where it has a line of history; else itself. */
export function lineOf({ series, key }: Pick<ContainerView, 'series' | 'key'>): string {
  return series ?? key;
}

/** The page of one container, which its next creation has too. */
export function containerPage(container: Pick<ContainerView, 'series' | 'key'>): string {
  return `/containers/${inAddress(lineOf(container))}`;
}

/** The page with these lines of history side by side. */
export function comparePage(series: readonly string[]): string {
  return `/compare?${new URLSearchParams(series.map((line): [string, string] => ['series', line])).toString()}`;
}
