import { computed } from '@preact/signals';
import type { JSX } from 'preact';
import { Link, useLocation } from 'wouter-preact';
import { nowUnixMs } from './clock.ts';
import { formatDuration } from './format.ts';
import { showHelp } from './help.tsx';
import { ThemeIcon, WeftIcon } from './icons.tsx';
import { Mark } from './mark.tsx';
import { logOut, me } from './session.ts';
import { connection, disconnect } from './socket.ts';
import { alerts, clearStore, lastFrame } from './store.ts';
import { cycleTheme, theme } from './theme.ts';

/** Two frames may go missing before the page says so. */
const LATE_MS = 3_000;

const firing = computed(
  () => alerts.value.filter((alert) => alert.state === 'firing' || alert.state === 'recovering').length,
);
const pending = computed(() => alerts.value.filter((alert) => alert.state === 'pending').length);

const PAGES = [
  { path: '/', name: 'Overview' },
  { path: '/hosts', name: 'Hosts' },
  { path: '/containers', name: 'Containers' },
  { path: '/alerts', name: 'Alerts' },
  { path: '/settings', name: 'Settings' },
] as const;

/** A page's address, or that of one of its parts. */
function isWithin(location: string, path: string): boolean {
  return location === path || (path !== '/' && location.startsWith(`${path}/`));
}

function AlertCount(): JSX.Element | null {
  const count = firing.value > 0 ? firing.value : pending.value;
  if (count === 0) return null;
  const kind = firing.value > 0 ? 'critical' : 'pending';
  return (
    <span class={`count count-${kind}`}>
      <Mark kind={kind}>{count}</Mark>
      <span class="visually-hidden"> {firing.value > 0 ? 'firing' : 'pending'}</span>
    </span>
  );
}

/** `Live` while a frame came in the last seconds. */
function ConnectionState(): JSX.Element {
  const { kind } = connection.value;
  const age = lastFrame.value === undefined ? undefined : nowUnixMs.value - lastFrame.value.timeUnixMs;
  if (kind === 'lost') return <Mark kind="stale">Disconnected</Mark>;
  if (kind === 'refused') return <Mark kind="stale">Logged out</Mark>;
  if (kind === 'connecting' || age === undefined) return <Mark kind="off">Connecting</Mark>;
  if (age > LATE_MS) return <Mark kind="late">Data {formatDuration(age)} old</Mark>;
  return <Mark kind="ok">Live</Mark>;
}

function ThemeButton(): JSX.Element {
  return (
    <button type="button" class="icon-button" onClick={cycleTheme} title={`Theme: ${theme.value} (t)`}>
      <ThemeIcon theme={theme.value} />
      <span class="visually-hidden">Theme: {theme.value}</span>
    </button>
  );
}

/** Navigation, the state of the connection, the theme, the way out. */
export function Header(): JSX.Element {
  const [location, navigate] = useLocation();
  const leave = async (): Promise<void> => {
    await logOut();
    disconnect();
    clearStore();
    navigate('/login');
  };
  return (
    <header class="page-header">
      <Link href="/" class="brand" aria-label="weft, overview">
        <WeftIcon />
        <span>weft</span>
      </Link>
      <nav aria-label="Pages">
        {PAGES.map(({ path, name }) => (
          <Link key={path} href={path} aria-current={isWithin(location, path) ? 'page' : undefined}>
            {name}
            {path === '/alerts' ? <AlertCount /> : null}
          </Link>
        ))}
      </nav>
      <div class="header-tools">
        <span class="connection-state" data-connection={connection.value.kind}>
          <ConnectionState />
        </span>
        <button type="button" class="icon-button wide-only" onClick={showHelp} title="Keyboard (?)">
          <span aria-hidden="true">?</span>
          <span class="visually-hidden">Keyboard help</span>
        </button>
        <ThemeButton />
        <button
          type="button"
          class="button quiet"
          title={me.value === undefined ? undefined : `Logged in as ${me.value.name}, ${me.value.role}`}
          onClick={() => void leave()}
        >
          Log out
        </button>
      </div>
    </header>
  );
}
