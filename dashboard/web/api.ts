import { useEffect, useState } from 'preact/hooks';
import type { FieldFault } from './field-faults.ts';

/** What the API answered: the value, or one sentence on why there is none. */
export type Answer<Value> =
  | { readonly ok: true; readonly value: Value }
  /** `status` is the server's, where it answered; `faults` tells what of the body it refused. */
  | {
      readonly ok: false;
      readonly reason: string;
      readonly status?: number;
      readonly faults?: readonly FieldFault[];
    };

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** The sentence of an RFC 9457 problem, or what is known without one. */
function sentenceOf(body: unknown, status: number): string {
  if (typeof body === 'object' && body !== null && 'detail' in body && typeof body.detail === 'string')
    return body.detail;
  return `the server answered ${status}`;
}

/** What a problem says of single values of the body. */
function faultsOf(body: unknown): { readonly faults?: readonly FieldFault[] } {
  return typeof body === 'object' && body !== null && 'faults' in body && Array.isArray(body.faults)
    ? { faults: body.faults as readonly FieldFault[] }
    : {};
}

/** Asks `/api/v1`. `Value` is what the endpoint is documented to answer with. Never throws. */
export async function ask<Value>(
  method: Method,
  path: string,
  { body, signal }: { readonly body?: unknown; readonly signal?: AbortSignal } = {},
): Promise<Answer<Value>> {
  try {
    const response = await fetch(`/api/v1${path}`, {
      method,
      // A change is taken as JSON only, also one without a body.
      ...(method === 'GET' ? {} : { headers: { 'content-type': 'application/json' } }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    const value = await bodyOf(response);
    const { status } = response;
    if (!response.ok) return { ok: false, reason: sentenceOf(value, status), status, ...faultsOf(value) };
    return { ok: true, value: value as Value };
  } catch {
    return { ok: false, reason: 'the server cannot be reached' };
  }
}

/** Of a refusal the body may be anything; a good answer that breaks off is none. */
async function bodyOf(response: Response): Promise<unknown> {
  try {
    return (await response.json()) as unknown;
  } catch (error) {
    if (response.ok) throw error;
    return undefined;
  }
}

/** An answer that is asked for again and again while a component is shown. */
interface Polled<Value> {
  /** The last good answer; stays while the server is away. */
  readonly value: Value | undefined;
  /** Why the last try gave none. */
  readonly reason: string | undefined;
  /** Asks again at once. */
  readonly reload: () => void;
}

const POLL_MS = 5_000;

/** Asks for `path` now, after each `reload`, and every five seconds or `everyMs` while the tab is shown. */
export function usePolled<Value>(path: string, everyMs = POLL_MS): Polled<Value> {
  const [state, setState] = useState<{ readonly value?: Value; readonly reason?: string }>({});
  const [round, setRound] = useState(0);
  useEffect(() => {
    const ending = new AbortController();
    const load = async (): Promise<void> => {
      const answer = await ask<Value>('GET', path, { signal: ending.signal });
      if (ending.signal.aborted) return;
      setState((before) => (answer.ok ? { value: answer.value } : { ...before, reason: answer.reason }));
    };
    void load();
    const timer = setInterval(() => {
      if (!document.hidden) void load();
    }, everyMs);
    return () => {
      ending.abort();
      clearInterval(timer);
    };
  }, [path, round, everyMs]);
  return {
    value: state.value,
    reason: state.reason,
    reload: () => {
      setRound((before) => before + 1);
    },
  };
}
