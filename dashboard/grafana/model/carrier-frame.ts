import type { Matcher } from '../../model/alert/matcher.ts';
import { labelOf } from '../../model/alert/matcher.ts';
import type { AlertRule } from '../../model/alert/rule.ts';
import type { Carrier } from './metric-saying.ts';
import { globMatcher, indented, selector } from './promql.ts';

/** Labels of an alert on a container, as the live rules give them. */
const CONTAINER_LABELS = ['host', 'container', 'runtime', 'image', 'compose_project', 'compose_service'] as const;

/** Which labels an alert is known by. */
export function identityOf(carrier: Carrier, selfLabel: string): readonly string[] {
  switch (carrier) {
    case 'container':
    case 'life':
      return CONTAINER_LABELS;
    case 'self':
      return [selfLabel];
    case 'statsd':
    case 'flannel':
    case 'statsd-up':
    case 'flannel-up':
      return ['host'];
  }
}

/** A rule's choice of targets, by what of them carries the label. */
export interface Scope {
  /** On the host's own series. */
  readonly host: readonly Matcher[];
  /** On the container's. */
  readonly container: readonly Matcher[];
}

/** cAdvisor's spelling of a resource label. */
function exported(name: string): string {
  if (name === 'container') return 'name';
  return name.startsWith('label_') ? `container_${name}` : name;
}

/** Where each of a rule's matchers and globs belongs. */
export function scopeOf({ scope, match }: Pick<AlertRule, 'scope' | 'match'>): Scope {
  const globs = Object.entries(match).flatMap(([name, glob]: [string, string | undefined]) =>
    glob === undefined ? [] : [globMatcher(name, glob)],
  );
  const all = [...scope, ...globs];
  return {
    host: all.filter(({ name }) => name === 'host'),
    container: all
      .filter(({ name }) => name !== 'host')
      .map((matcher) => ({ ...matcher, name: exported(matcher.name) })),
  };
}

/** Which labels a scope looks at that the series of ended containers do not have. */
export function labelsNotCarried(carrier: Carrier, { container }: Scope): readonly string[] {
  if (carrier !== 'life') return [];
  const carried = new Set(CONTAINER_LABELS.map(exported));
  return container.map(({ name }) => name).filter((name) => !carried.has(name));
}

/** What the agents said of their host within the day in which the live rules do not forget it; one of several names. */
const lastSaid = (info: string): string => `topk by (job, instance) (1, last_over_time(${info}[1d]))`;

function joins(carrier: Carrier, scope: Scope): readonly string[] {
  const byHost = '* on (job, instance) group_left (host) ';
  const statsd = selector('weft_statsd_host_info', scope.host);
  const flannel = selector('weft_flannel_host_info', scope.host);
  switch (carrier) {
    case 'container':
      return [
        `* on (job, instance, id) group_left (runtime, compose_project, compose_service) ${selector('container_info', scope.container)}`,
        `${byHost}${statsd}`,
      ];
    case 'life':
    case 'statsd':
      return [`${byHost}${statsd}`];
    case 'flannel':
      return [`${byHost}${flannel}`];
    case 'statsd-up':
      return [`${byHost}${lastSaid(statsd)}`];
    case 'flannel-up':
      return [`${byHost}${lastSaid(flannel)}`];
    case 'self':
      return [];
  }
}

/** Whether an expression may stand before an operator as it is. */
const isSimple = (text: string): boolean => /^[a-zA-Z_:][\w:]*(\{[^{}]*\})?$/.test(text);

export interface Frame {
  readonly carrier: Carrier;
  readonly scope: Scope;
  readonly identity: readonly string[];
  /** Of two series with the same labels, the worse one stands. */
  readonly worse: 'max' | 'min';
}

/** A value with the labels of the live alert and no others. */
export function framed(value: string, { carrier, scope, identity, worse }: Frame): string {
  const operand = isSimple(value) ? value : value.includes('\n') ? `(\n${indented(value)}\n)` : `(${value})`;
  const joined = [operand, ...joins(carrier, scope)].join('\n');
  const named =
    carrier === 'container' || carrier === 'life'
      ? `label_replace(\n${indented(joined)},\n  "container", "$1", "name", "(.*)"\n)`
      : joined;
  return `${worse} by (${identity.join(', ')}) (\n${indented(named)}\n)`;
}

/** The label that an alert of the dashboard on itself is known by. */
export function selfLabelOf(metric: string): string {
  return labelOf({ ruleFailing: 'rule', channelBroken: 'channel' }, metric);
}
