import { signal } from '@preact/signals';
import { useEffect, useLayoutEffect, useMemo } from 'preact/hooks';
import { useLocation, useSearch } from 'wouter-preact';
import type { Subscribe } from '../wire.ts';
import { subscribeTo } from './socket.ts';

/** Name of the page in sight, for the browser's title. */
export const pageTitle = signal('');

/** What every page says of itself: its name, and what it asks to be sent while it is shown. */
export function usePage(title: string, request: Subscribe): void {
  useLayoutEffect(() => {
    pageTitle.value = title;
  }, [title]);
  useEffect(() => {
    subscribeTo(request);
  }, [JSON.stringify(request)]);
}

/** The last part of an address as it was before it was put there: what is known by it may have slashes and per cent signs in its name. */
export function lastOfPath(pathname: string): string {
  const encoded = pathname.slice(pathname.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

/** What the address names, such as the host of `/hosts/h1`. The router's own parameters are decoded twice. */
export function useNamed(): string {
  useLocation();
  return lastOfPath(location.pathname);
}

/** The parameters of the address, and how to change them: `replace` leaves the one before out of the browser's history. */
export interface Query {
  readonly params: URLSearchParams;
  readonly setParams: (next: URLSearchParams, options?: { readonly replace: boolean }) => void;
}

/** As the router's own, but for names with per cent signs: it decodes path and parameters once too often. */
export function useQuery(): Query {
  const [, navigate] = useLocation();
  useSearch();
  const { search } = location;
  const params = useMemo(() => new URLSearchParams(search), [search]);
  const setParams: Query['setParams'] = (next, options) => {
    const text = next.toString();
    navigate(`${location.pathname}${text === '' ? '' : `?${text}`}`, options);
  };
  return { params, setParams };
}
