import { compileMatchers, type Labels, type Matcher } from './alert/matcher.ts';
import type { Silence } from './notify/silence.ts';

/** Stands for what a matcher names that is perhaps not to be seen. */
const HIDDEN = '…';

/** An equal value is the one of an alert that is seen; every other may name what is not. */
function shownMatcher(matcher: Matcher): Matcher {
  return matcher.isEqual && !matcher.isRegex ? matcher : { ...matcher, value: HIDDEN };
}

/** The silences that take an alert which somebody may see, without what they may name besides. */
export function silencesInScope(
  silences: readonly Silence[],
  seen: readonly { readonly labels: Labels }[],
): readonly Silence[] {
  return silences
    .filter(({ matchers }) => {
      const takes = compileMatchers(matchers);
      return seen.some(({ labels }) => takes(labels));
    })
    .map((silence) => ({ ...silence, matchers: silence.matchers.map(shownMatcher), annotations: {} }));
}
