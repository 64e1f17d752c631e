import type { JSX } from 'preact';
import type { ContainerView, HostView } from '../wire.ts';
import { nowUnixMs } from './clock.ts';
import { formatFreshness, hostDataAgeMs } from './host-facts.ts';
import { Mark, type MarkKind } from './mark.tsx';
import { hostOfNode, lastFrame } from './store.ts';

function kindOf({ health, state }: ContainerView, host: HostView | undefined): MarkKind {
  if (host?.state === 'stale') return 'stale';
  if (host?.state === 'late') return 'late';
  if (health === 'unhealthy') return 'critical';
  return state === 'paused' ? 'off' : 'ok';
}

/** What a container is doing, how it is, and how old that is. */
export function ContainerMark({ container }: { readonly container: ContainerView }): JSX.Element {
  const host = hostOfNode.value.get(container.nodeId);
  const age = host === undefined ? undefined : hostDataAgeMs(host, lastFrame.value?.timeUnixMs, nowUnixMs.value);
  const words = host === undefined || host.state === 'live' ? container.state : `${host.state} ${formatFreshness(age)}`;
  return (
    <Mark kind={kindOf(container, host)}>
      {container.health === undefined ? words : `${words}, ${container.health}`}
    </Mark>
  );
}
