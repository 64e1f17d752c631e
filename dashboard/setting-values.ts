import { z } from 'zod';
import { parseEndpoint, type EtcdEndpoint } from '../native/etcd/endpoint.ts';
import { parseNetwork } from './io/notify/target-guard.ts';

/** A path that does not depend on where the process was started. */
export const absolutePath = z.string().regex(/^\//, 'expected a path that starts with /');

/** An address or a CIDR. */
export const network = z.string().transform((text, context) => {
  try {
    parseNetwork(text);
    return text;
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
    return z.NEVER;
  }
});

/** A URL of http or https without user and password. */
export const httpUrl = z.string().transform((text, context) => {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return url.href;
  context.addIssue({
    code: 'custom',
    message: 'expected a URL such as https://hooks.example/weft, without user or password',
  });
  return z.NEVER;
});

/** Something is put behind it: a query there would swallow that. */
export const apiUrl = httpUrl.refine(
  (text) => !/[?#]/.test(text),
  'expected the address that /api/v1/query_range is below, such as http://prometheus:9090, without a query',
);

/** Only an origin: the page's own addresses start at the root. */
export const publicUrl = z.string().transform((text, context) => {
  const url = URL.parse(text);
  // As it is written, but for the slash at its end: what else is in an address would be left out.
  if (url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin;
  context.addIssue({
    code: 'custom',
    message: 'expected a URL without a path, user or password, such as https://weft.example',
  });
  return z.NEVER;
});

/** The name of an HTTP header, in lower case as Node.js has it. */
export const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/, 'expected the name of a header, such as Remote-User')
  .transform((name) => name.toLowerCase());

/** A member of etcd. */
export const endpoint = z.string().transform((text, context): EtcdEndpoint => {
  try {
    return parseEndpoint(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
    return z.NEVER;
  }
});

const BYTE_UNITS: Readonly<Record<string, number>> = { '': 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/** `512MiB`, `1GiB` or plain bytes. */
export const byteSize = z.union([z.string(), z.number()]).transform((value, context) => {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?) ?([KMGT]iB|)$/.exec(String(value)) ?? [];
  const bytes = Number(amount) * (BYTE_UNITS[unit] ?? Number.NaN);
  if (bytes >= LEAST_HISTORY_BYTES) return Math.round(bytes);
  context.addIssue({ code: 'custom', message: `expected a size such as 1GiB, at least 16MiB, not ${value}` });
  return z.NEVER;
});

/** Six hours of a small cluster; less would be dropped as soon as it is written. */
const LEAST_HISTORY_BYTES = 16 * 2 ** 20;
