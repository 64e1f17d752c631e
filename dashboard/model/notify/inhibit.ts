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
  /** Labels that both have alike; `host=peer_host`: the source's `host` is the target's `peer_host`. A label that is absent equals an empty one. */
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
    // An alert on a pair of hosts has the label peer_host for its other end.
    name: 'an unreachable host at the other end',
    sourceMatchers: parseMatchers('alertname="HostUnreachable"'),
    targetMatchers: parseMatchers('{alertname!="HostUnreachable",peer_host!=""}'),
    equal: ['host=peer_host'],
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
        ({ labels }) => equalKey(rule, labels, 'source'),
      ),
    );
  }

  /** The alert that keeps this one quiet; an alert on both sides is not kept quiet by another one on both sides. */
  inhibiting(alert: Pick<Alert, 'fingerprint' | 'labels'>): Alert | undefined {
    for (const [index, { rule, isSource, isTarget }] of this.#rules.entries()) {
      if (!isTarget(alert.labels)) continue;
      const onBothSides = isSource(alert.labels);
      const sources = this.#sources[index]?.get(equalKey(rule, alert.labels, 'target')) ?? [];
      const source = sources.find(
        ({ fingerprint, labels }) => fingerprint !== alert.fingerprint && !(onBothSides && isTarget(labels)),
      );
      if (source !== undefined) return source;
    }
    return undefined;
  }
}

function equalKey({ equal }: InhibitRule, labels: Labels, side: 'source' | 'target'): string {
  return equal
    .map((text) => {
      const [source = '', target = source] = text.split('=');
      return labelOf(labels, side === 'source' ? source : target);
    })
    .join('\u0000');
}

/** Whether a rule compares a label with another one, which Alertmanager has no words for. */
export function isAcrossLabels({ equal }: Pick<InhibitRule, 'equal'>): boolean {
  return equal.some((text) => text.includes('='));
}
