import type { JSX } from 'preact';
import type { HostView } from '../../wire.ts';
import { usePolled } from '../api.ts';
import { nowUnixMs } from '../clock.ts';
import { FactTable, type FactColumn } from '../fact-table.tsx';
import { Facts, Fault } from '../facts.tsx';
import { formatDuration, plural, UNAVAILABLE } from '../format.ts';
import { hostDataAgeMs } from '../host-facts.ts';
import { HostMark } from '../host-mark.tsx';
import { Mark } from '../mark.tsx';
import { hosts, lastFrame } from '../store.ts';
import { When } from '../when.tsx';
import type { ServerStatus } from './status.ts';
import { AsConfig } from './as-config.tsx';

function Notifier({ notifier }: Pick<ServerStatus, 'notifier'>): JSX.Element {
  if (notifier.isThis) return <Mark kind="ok">this dashboard</Mark>;
  return <Mark kind="off">{notifier.leader ?? 'another dashboard'}</Mark>;
}

const ageOf = (host: HostView): number | undefined => hostDataAgeMs(host, lastFrame.value?.timeUnixMs, nowUnixMs.value);

/** Agents of an older or newer weft than this dashboard are marked, by a word. */
function columnsFor(version: string): readonly [FactColumn<HostView>, ...FactColumn<HostView>[]] {
  return [
    { header: 'Host', cell: ({ name }) => name },
    { header: 'Agent', cell: (host) => <HostMark state={host.state} ageMs={ageOf(host)} /> },
    {
      header: 'Version',
      cell: ({ agentVersion }) => {
        if (agentVersion === undefined) return UNAVAILABLE;
        return agentVersion === version ? agentVersion : <Mark kind="late">{agentVersion}, not as here</Mark>;
      },
    },
    { header: 'Data', numeric: true, cell: (host) => `${formatDuration(ageOf(host))} old` },
    { header: 'Containers', numeric: true, cell: ({ containers }) => containers },
  ];
}

/** This dashboard, which one of several tells people, and the agents that send to it. */
export function Server(): JSX.Element {
  const { value, reason } = usePolled<ServerStatus>('/status');
  return (
    <div class="settings-panel">
      <Fault reason={reason} />
      {value === undefined ? null : (
        <>
          <div class="form">
            <Facts
              facts={[
                ['Version', value.version],
                ['Running since', <When at={value.startedAtUnixMs} />],
                ['etcd', value.etcd],
                ['Tells people of alerts', <Notifier notifier={value.notifier} />],
              ]}
            />
            <AsConfig id="settings" />
          </div>
          <h3>{plural(hosts.value.length, 'agent')}</h3>
          {hosts.value.length === 0 ? null : (
            <FactTable
              label="Agents"
              columns={columnsFor(value.version)}
              rows={hosts.value}
              keyOf={({ nodeId }) => nodeId}
            />
          )}
        </>
      )}
    </div>
  );
}
