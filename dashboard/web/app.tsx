import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Route, Switch, useLocation } from 'wouter-preact';
import { Banner } from './banner.tsx';
import { ChosenRows, chooseRow } from './chosen-rows.tsx';
import { Header } from './header.tsx';
import { Help, showHelp } from './help.tsx';
import { lazyPage } from './lazy.tsx';
import { Palette, showPalette } from './palette.tsx';
import { pageTitle } from './page.ts';
import { PasswordNotice } from './password-notice.tsx';
import { learnWho } from './session.ts';
import { focusRow, silenceRow } from './row-keys.ts';
import { listenForShortcuts } from './shortcuts.ts';
import { connection, retryNow } from './socket.ts';
import { alerts, announcement, inventory } from './store.ts';
import { cycleTheme } from './theme.ts';
import { Containers } from './view/containers.tsx';
import { Hosts } from './view/hosts.tsx';
import { NotFound } from './view/not-found.tsx';
import { Overview } from './view/overview.tsx';

const Login = lazyPage('Log in', async () => (await import('./view/login.tsx')).Login);
const Alerts = lazyPage('Alerts', async () => (await import('./view/alerts.tsx')).Alerts);
const Settings = lazyPage('Settings', async () => (await import('./view/settings.tsx')).Settings);
const Host = lazyPage('Host', async () => (await import('./view/host.tsx')).Host);
const Container = lazyPage('Container', async () => (await import('./view/container.tsx')).Container);
const Compare = lazyPage('Compare', async () => (await import('./view/compare.tsx')).Compare);

function Title(): null {
  const title = pageTitle.value;
  const firing = alerts.value.filter((alert) => alert.state === 'firing' || alert.state === 'recovering').length;
  useEffect(() => {
    document.title = `${firing > 0 ? `(${firing}) ` : ''}${title} · weft`;
  }, [firing, title]);
  return null;
}

/** After a change of page the reader starts at its content, as after loading one. */
function useFocusOnArrival(location: string): { readonly current: HTMLElement | null } {
  const main = useRef<HTMLElement>(null);
  const arrivedAt = useRef(location);
  useEffect(() => {
    if (arrivedAt.current === location) return;
    arrivedAt.current = location;
    if (document.activeElement?.id !== 'filter') main.current?.focus();
  }, [location]);
  return main;
}

function Shell(): JSX.Element {
  const [location, navigate] = useLocation();
  const main = useFocusOnArrival(location);
  useEffect(() => {
    const onSilence = (): void => {
      silenceRow(navigate);
    };
    const shows = { cycleTheme, showHelp, showPalette };
    return listenForShortcuts({ ...shows, navigate, focusRow, chooseRow, silenceRow: onSilence });
  }, [navigate]);
  useEffect(retryNow, []);
  // Nothing to keep readable yet: a visitor without a session is asked to log in.
  const mustLogIn = connection.value.kind === 'refused' && inventory.value === undefined;
  useEffect(() => {
    if (mustLogIn) navigate('/login', { replace: true });
  }, [mustLogIn]);
  const isConnected = connection.value.kind === 'connected';
  useEffect(() => {
    if (isConnected) void learnWho();
  }, [isConnected]);
  const isOld = connection.value.kind === 'lost' || connection.value.kind === 'refused';
  return (
    <>
      <a class="skip-link" href="#content">
        Skip to the content
      </a>
      <Title />
      <Header />
      <Banner />
      <PasswordNotice />
      <main ref={main} id="content" tabIndex={-1} class={isOld ? 'is-old' : ''}>
        <Switch>
          <Route path="/" component={Overview} />
          <Route path="/hosts" component={Hosts} />
          <Route path="/hosts/:node" component={Host} />
          <Route path="/containers" component={Containers} />
          <Route path="/containers/:series" component={Container} />
          <Route path="/compare" component={Compare} />
          <Route path="/alerts/:tab?" component={Alerts} />
          <Route path="/settings/:panel?" component={Settings} />
          <Route component={NotFound} />
        </Switch>
      </main>
      <ChosenRows />
      <Help />
      <Palette />
      <div class="visually-hidden" role="status" aria-live="polite">
        {announcement.value}
      </div>
    </>
  );
}

/** The whole page: the login alone, or everything else in one frame. */
export function App(): JSX.Element {
  return (
    <Switch>
      <Route path="/login" component={Login} />
      <Route component={Shell} />
    </Switch>
  );
}
