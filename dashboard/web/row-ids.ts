import type { ContainerView } from '../wire.ts';
import { lineOf } from './links.ts';

/**
 * What each row is known by, in the order of the rows: its line of history, so that the next creation of a container stands in the place of the last. Where two share a
 * line, as while one takes the place of the other, the second is known by its own key.
 */
export function rowIds(containers: readonly Pick<ContainerView, 'series' | 'key'>[]): string[] {
  const taken = new Set<string>();
  return containers.map((container) => {
    const line = lineOf(container);
    const id = taken.has(line) ? container.key : line;
    taken.add(id);
    return id;
  });
}
