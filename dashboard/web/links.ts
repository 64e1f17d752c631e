import { fieldTerm } from '../model/filter.ts';

/** The containers page with this filter. */
export function containersWith(filter: string): string {
  return `/containers?q=${encodeURIComponent(filter)}`;
}

/** The containers page for one host. */
export function containersOfHost(hostName: string): string {
  return containersWith(fieldTerm('host', hostName));
}
