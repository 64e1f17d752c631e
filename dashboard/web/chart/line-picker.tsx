import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ask } from '../api.ts';
import { Fault } from '../facts.tsx';
import { lineOf } from '../links.ts';

/** A line that can be put beside others, by a name that says which it is. */
export interface PickableLine {
  readonly key: string;
  readonly name: string;
}

interface HostsAnswer {
  readonly hosts: readonly { readonly nodeId: string; readonly name: string }[];
}

interface ContainersAnswer {
  readonly containers: readonly {
    readonly key: string;
    readonly series: string | null;
    readonly name: string;
    readonly host: string;
  }[];
}

/** Everything that runs and every host; asked for once, when somebody wants to choose. */
async function loadLines(): Promise<readonly PickableLine[] | string> {
  const [hosts, containers] = await Promise.all([
    ask<HostsAnswer>('GET', '/hosts'),
    ask<ContainersAnswer>('GET', '/containers'),
  ]);
  if (!hosts.ok) return hosts.reason;
  if (!containers.ok) return containers.reason;
  return [
    ...hosts.value.hosts.map(({ nodeId, name }) => ({ key: nodeId, name: `host ${name}` })),
    ...containers.value.containers.map(({ key, series, name, host }) => ({
      key: lineOf({ key, series: series ?? undefined }),
      name: `${name} on ${host}`,
    })),
  ];
}

const LIST_ID = 'pickable-lines';

interface PickerProps {
  readonly chosen: readonly string[];
  readonly onAdd: (line: string) => void;
}

/** A box that knows every host and container by name. */
export function LinePicker({ chosen, onAdd }: PickerProps): JSX.Element {
  const [known, setKnown] = useState<readonly PickableLine[] | string>();
  const lines = typeof known === 'string' || known === undefined ? [] : known;
  const load = async (): Promise<void> => {
    if (lines.length === 0) setKnown(await loadLines());
  };
  return (
    <>
      <label class="line-picker">
        <span>Add</span>
        <input
          type="search"
          list={LIST_ID}
          placeholder="a container or a host"
          autocomplete="off"
          spellcheck={false}
          onFocus={() => void load()}
          onInput={(event) => {
            const found = lines.find(({ name }) => name === event.currentTarget.value);
            if (found === undefined) return;
            event.currentTarget.value = '';
            onAdd(found.key);
          }}
        />
        <datalist id={LIST_ID}>
          {lines
            .filter(({ key }) => !chosen.includes(key))
            .map(({ key, name }) => (
              <option key={key} value={name} />
            ))}
        </datalist>
      </label>
      <Fault reason={typeof known === 'string' ? known : undefined} />
    </>
  );
}
