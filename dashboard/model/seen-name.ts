import type { Inventory } from '../../statsd/wire.ts';

/** A character that a person sees. Spaces, controls and what has no width are none, and neither is a blank of Braille. */
const SEEN = /[^\s\p{C}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** As much of an id as people use of it. */
const SHORT_ID = 12;

interface Named {
  readonly key: string;
  readonly id: string;
  readonly name: string;
}

/** A row, a link or an alert without a name cannot be told from an error; the id names it as well. */
function seen<T extends Named>(container: T): T {
  if (SEEN.test(container.name)) return container;
  return {
    ...container,
    name: [container.id.slice(0, SHORT_ID), container.key].find((text) => SEEN.test(text)) ?? '?',
  };
}

/** What an agent told, where nothing is called by a name that nobody can see: others choose the names. */
export function withSeenNames(inventory: Inventory): Inventory {
  const { host, containers, exited } = inventory;
  return {
    ...inventory,
    host: SEEN.test(host.hostname) ? host : { ...host, hostname: host.nodeId },
    containers: containers.map(seen),
    ...(exited === undefined ? {} : { exited: exited.map(seen) }),
  };
}
