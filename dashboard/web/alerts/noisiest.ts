import type { EpisodeView } from '../../model/alert/episode.ts';

/** One rule's part in what happened. */
export interface RuleNoise {
  readonly rule: string;
  readonly episodes: readonly EpisodeView[];
  /** Of all episodes. */
  readonly share: number;
}

/** Rules by how often they fired, the noisiest first. */
export function noiseByRule(episodes: readonly EpisodeView[]): readonly RuleNoise[] {
  return [...Map.groupBy(episodes, ({ rule }) => rule)]
    .map(([rule, own]) => ({ rule, episodes: own, share: own.length / episodes.length }))
    .sort((a, b) => b.episodes.length - a.episodes.length || (a.rule < b.rule ? -1 : 1));
}
