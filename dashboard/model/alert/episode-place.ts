import type { SeriesFacts } from '../history/series.ts';
import type { AlertEpisode, EpisodePlace } from './episode.ts';

interface KnownLine {
  readonly key: string;
  readonly facts: SeriesFacts;
}

// A name may have anything in it but this.
const pair = (host: string, container: string): string => `${host}\0${container}`;

/** Finds what episodes are about among the lines of history: of a host, or of a container, also of one that is gone. */
export function episodePlaces(lines: Iterable<KnownLine>): (episode: Pick<AlertEpisode, 'labels'>) => EpisodePlace {
  const nodes = new Map<string, string>();
  const containers = new Map<string, string>();
  for (const { key, facts } of lines)
    if (facts.kind === 'host') nodes.set(facts.host, facts.nodeId);
    else containers.set(pair(facts.host, facts.name), key);
  return ({ labels: { host = '', container } }) => {
    const nodeId = nodes.get(host);
    const series = container === undefined ? undefined : containers.get(pair(host, container));
    return { ...(nodeId === undefined ? {} : { nodeId }), ...(series === undefined ? {} : { series }) };
  };
}
