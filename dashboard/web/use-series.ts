import { useMemo } from 'preact/hooks';
import type { SeriesView } from './series.ts';

type SeriesOf = (id: string) => SeriesView | undefined;

/** The same function while it is of the same row: another one is drawn anew. */
export function useSeries(seriesOf: SeriesOf, id: string): () => SeriesView | undefined {
  return useMemo(() => () => seriesOf(id), [seriesOf, id]);
}
