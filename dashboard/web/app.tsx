import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Route, Switch, useLocation } from 'wouter-preact';
import type { Subscribe } from '../wire.ts';
import { Banner } from './banner.tsx';
import { Header } from './header.tsx';
import { Help, showHelp } from './help.tsx';
import { listenForShortcuts } from './shortcuts.ts';
import { connection, retryNow, subscribeTo } from './socket.ts';
import { alerts, announcement, inventory } from './store.ts';
import { cycleTheme } from './theme.ts';
import { Alerts } from './view/alerts.tsx';
import { Containers } from './view/containers.tsx';
import { Login } from './view/login.tsx';
import { NotFound } from './view/not-found.tsx';
import { Overview } from './view/overview.tsx';

interface Page {
  readonly title: string;
  readonly view: Subscribe['view'];
}

const PAGES: Readonly<Record<string, Page>> = {
  '/': { title: 'Overview', view: 'overview' },
  '/containers': { title: 'Containers', view: 'containers' },
  '/alerts': { title: 'Alerts', view: 'alerts' },
};

function Title({ title }: { readonly title: string }): null {
  const firing = alerts.value.filter((alert) => alert.state === 'firing').length;
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
  const page = PAGES[location];
  const main = useFocusOnArrival(location);
  useEffect(() => listenForShortcuts({ navigate, cycleTheme, showHelp }), [navigate]);
  useEffect(retryNow, []);
  useEffect(() => {
    subscribeTo(page?.view ?? 'overview');
  }, [page]);
  // Nothing to keep readable yet: a visitor without a session is asked to log in.
  const mustLogIn = connection.value.kind === 'refused' && inventory.value === undefined;
  useEffect(() => {
    if (mustLogIn) navigate('/login', { replace: true });
  }, [mustLogIn]);
  const isOld = connection.value.kind === 'lost' || connection.value.kind === 'refused';
  return (
    <>
      <a class="skip-link" href="#content">
        Skip to the content
      </a>
      <Title title={page?.title ?? 'Not found'} />
      <Header />
      <Banner />
      <main ref={main} id="content" tabIndex={-1} class={isOld ? 'is-old' : ''}>
        <Switch>
          <Route path="/" component={Overview} />
          <Route path="/containers" component={Containers} />
          <Route path="/alerts" component={Alerts} />
          <Route component={NotFound} />
        </Switch>
      </main>
      <Help />
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
