import type { Alert } from '../alert/alert.ts';
import {
  compileMatchers,
  labelOf,
  parseMatchers,
  type LabelTest,
  type Labels,
  type Matcher,
} from '../alert/matcher.ts';

/** While an alert that `sourceMatchers` take fires, those that `targetMatchers` take with the same `equal` labels are not sent. */
export interface InhibitRule {
  readonly name: string;
  readonly sourceMatchers: readonly Matcher[];
  readonly targetMatchers: readonly Matcher[];
  /** A label that is absent equals an empty one. */
  readonly equal: readonly string[];
}

/** In force whatever others there are: one outage is one message. */
export const OWN_INHIBIT_RULES: readonly InhibitRule[] = [
  {
    name: 'an unreachable host',
    sourceMatchers: parseMatchers('alertname="HostUnreachable"'),
    targetMatchers: parseMatchers('alertname!="HostUnreachable"'),
    equal: ['host'],
  },
  {
    name: 'critical before warning',
    sourceMatchers: parseMatchers('severity="critical"'),
    targetMatchers: parseMatchers('severity="warning"'),
    equal: ['alertname', 'host', 'container'],
  },
  {
    name: 'a partition of the overlay',
    sourceMatchers: parseMatchers('alertname="OverlayPartition"'),
    targetMatchers: parseMatchers('alertname="OverlayPeerUnreachable"'),
    equal: ['cluster'],
  },
];

interface CompiledRule {
  readonly rule: InhibitRule;
  readonly isSource: LabelTest;
  readonly isTarget: LabelTest;
}

/** Which alert keeps another one quiet. Made anew for the alerts of one moment. */
export class Inhibitor {
  readonly #rules: readonly CompiledRule[];
  /** Firing sources of each rule by the values of its `equal` labels. */
  #sources: readonly ReadonlyMap<string, readonly Alert[]>[] = [];

  /** @throws {RangeError} for a regular expression that cannot be used. */
  constructor(rules: readonly InhibitRule[]) {
    this.#rules = rules.map((rule) => ({
      rule,
      isSource: compileMatchers(rule.sourceMatchers),
      isTarget: compileMatchers(rule.targetMatchers),
    }));
  }

  /** Takes the alerts as they are now; resolved ones keep nobody quiet. */
  update(alerts: readonly Alert[]): void {
    const firing = alerts.filter(({ state }) => state.kind === 'firing');
    this.#sources = this.#rules.map(({ rule, isSource }) =>
      Map.groupBy(
        firing.filter(({ labels }) => isSource(labels)),
        ({ labels }) => equalKey(rule, labels),
      ),
    );
  }

  /** The alert that keeps this one quiet; an alert on both sides is not kept quiet by another one on both sides. */
  inhibiting(alert: Pick<Alert, 'fingerprint' | 'labels'>): Alert | undefined {
    for (const [index, { rule, isSource, isTarget }] of this.#rules.entries()) {
      if (!isTarget(alert.labels)) continue;
      const onBothSides = isSource(alert.labels);
      const sources = this.#sources[index]?.get(equalKey(rule, alert.labels)) ?? [];
      const source = sources.find(
        ({ fingerprint, labels }) => fingerprint !== alert.fingerprint && !(onBothSides && isTarget(labels)),
      );
      if (source !== undefined) return source;
    }
    return undefined;
  }
}

function equalKey({ equal }: InhibitRule, labels: Labels): string {
  return equal.map((name) => labelOf(labels, name)).join('\u0000');
}
