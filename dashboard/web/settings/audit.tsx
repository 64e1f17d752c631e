import type { JSX } from 'preact';
import { usePolled } from '../api.ts';
import { FactTable } from '../fact-table.tsx';
import { Fault } from '../facts.tsx';
import { Mark } from '../mark.tsx';

interface Entry {
  readonly seq: number;
  readonly at: string;
  readonly actor: string | null;
  readonly actorKind: string;
  readonly action: string;
  readonly target: string;
  readonly address: string;
  readonly status: number;
}

function Outcome({ status }: Entry): JSX.Element {
  return status < 400 ? <Mark kind="ok">done</Mark> : <Mark kind="late">refused ({status})</Mark>;
}

/** Who changed what, and who tried in vain. */
export function Audit(): JSX.Element {
  const { value, reason } = usePolled<{ readonly entries: readonly Entry[] }>('/audit?limit=200');
  return (
    <div class="stack">
      <p class="muted">
        The last 200 changes and logins. <code>GET /api/v1/audit</code> tells the last 10,000; nobody can change them
        here.
      </p>
      <Fault reason={reason} />
      <FactTable<Entry>
        label="Audit log"
        rows={value?.entries ?? []}
        keyOf={({ seq }) => String(seq)}
        columns={[
          { header: 'When', cell: ({ at }) => <time dateTime={at}>{new Date(at).toLocaleString()}</time> },
          { header: 'Who', cell: ({ actor }) => actor ?? 'somebody unknown' },
          { header: 'What', cell: ({ action }) => action },
          { header: 'On', cell: ({ target }) => <code>{target}</code> },
          { header: 'From', cell: ({ address }) => address },
          { header: 'Outcome', cell: (entry) => <Outcome {...entry} /> },
        ]}
      />
    </div>
  );
}
