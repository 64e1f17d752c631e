import type { Subscribe } from '../wire.ts';
import { MAX_COMPARED, REQUEST_CHARACTERS } from '../view-wire.ts';

/**
 * A request that the server takes. Addresses can be longer than anything that exists, and what is refused is never answered. A name that is cut is unknown as the
 * whole one would be; a filter that is cut would match something else, so it stays with the page, which is sent everything.
 */
export function fittingRequest({ view, host, key, filter, series }: Subscribe): Subscribe {
  return {
    view,
    ...(host === undefined ? {} : { host: host.slice(0, REQUEST_CHARACTERS.host) }),
    ...(key === undefined ? {} : { key: key.slice(0, REQUEST_CHARACTERS.key) }),
    ...(filter === undefined || filter.length > REQUEST_CHARACTERS.filter ? {} : { filter }),
    ...(series === undefined
      ? {}
      : { series: series.slice(0, MAX_COMPARED).map((line) => line.slice(0, REQUEST_CHARACTERS.series)) }),
  };
}
