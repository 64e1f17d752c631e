import type { JSX } from 'preact';
import { useRoute } from 'wouter-preact';
import { usePage } from '../page.ts';
import { me } from '../session.ts';
import { SETTINGS_PANELS } from '../settings/panels.ts';
import { Tabs } from '../tabs.tsx';
import { NotFound } from './not-found.tsx';

/** The settings, one part at a time. */
export function Settings(): JSX.Element {
  usePage('Settings', { view: 'hosts' });
  const [, parameters] = useRoute('/settings/:panel');
  const wanted = parameters?.panel;
  const panel = wanted === undefined ? SETTINGS_PANELS[0] : SETTINGS_PANELS.find(({ id }) => id === wanted);
  if (panel === undefined) return <NotFound />;
  const { id, title, Panel } = panel;
  const tabs = SETTINGS_PANELS.filter(({ forAdmins }) => forAdmins !== true || me.value?.role === 'admin').map(
    (each) => ({ path: `/settings/${each.id}`, name: each.title }),
  );
  return (
    <div class="stack">
      <div class="page-head">
        <h1>Settings</h1>
      </div>
      <Tabs label="Settings" tabs={tabs} />
      <section aria-labelledby={`settings-${id}`}>
        <div class="section-head">
          <h2 id={`settings-${id}`}>{title}</h2>
        </div>
        <Panel />
      </section>
    </div>
  );
}
