import type { JSX } from 'preact';
import { Facts } from '../facts.tsx';

const RESTORE = `# on the host, with the dashboard stopped, into a folder without a dashboard's state
cp /safe/place/channel-key /var/lib/weft/dashboard/   # or enter the channels' secrets again
weft restore weft-backup.json --data-dir /var/lib/weft/dashboard
weft dashboard --data-dir /var/lib/weft/dashboard     # prints the link by which an admin comes in`;

/** What people made here, to take away, and how it is put back. */
export function Backup(): JSX.Element {
  return (
    <div class="stack">
      <section class="form" aria-label="Take a backup">
        <Facts
          facts={[
            [
              'In it',
              'rules, silences and mute windows of the page, channels, users with roles and scopes, saved views',
            ],
            [
              'Sealed',
              'addresses and secrets of channels: they open with the file channel-key of the data folder alone',
            ],
            [
              'Not in it',
              'passwords, tokens, sessions; history, alerts and the audit log; the files of --config, --rules and --notify',
            ],
          ]}
        />
        <p class="row-actions">
          <a class="button primary" href="/api/v1/backup" download>
            Download a backup
          </a>
          <span class="muted">It stands in the audit log.</span>
        </p>
        <p class="muted">
          Keep <code>channel-key</code>, <code>agent-token</code> and <code>api-token</code> of the data folder as well,
          in another place: agents go on with the same token, and who has a backup alone has no secret.
        </p>
      </section>
      <section class="form" aria-label="Restore a backup">
        <h3>Restore</h3>
        <pre tabIndex={0} class="command" aria-label="How to restore">
          <code>{RESTORE}</code>
        </pre>
        <p class="muted">
          Users come without passwords: the admin who comes in by the link sets them. Agents and scripts need their
          tokens again, unless they use those of the files.
        </p>
      </section>
    </div>
  );
}
