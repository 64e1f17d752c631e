/** One etcd server, as `--etcd-endpoints` names it. */
export interface EtcdEndpoint {
  /** `http://127.0.0.1:2379`, normalised. */
  readonly url: string;
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
}

const EXPECTED = 'expected http://HOST:PORT or https://HOST:PORT';

/** Reads `http://h:p`, `https://h:p` or a bare `h:p` (plain HTTP, as etcd's own client takes it). @throws {RangeError} naming the text. */
export function parseEndpoint(text: string): EtcdEndpoint {
  // A user in it is refused, and its password never shown.
  const shown = text.replace(/[^/]*@/, '…@');
  const withScheme = text.includes('://') ? text : `http://${text}`;
  if (!/^https?:\/\//i.test(withScheme)) throw new RangeError(`"${shown}" has no scheme that etcd speaks: ${EXPECTED}`);
  if (!URL.canParse(withScheme)) throw new RangeError(`"${shown}" is not an etcd endpoint: ${EXPECTED}`);
  const url = new URL(withScheme);
  if (url.username !== '' || url.password !== '') {
    throw new RangeError(`"${shown}" carries a user: ${EXPECTED}, and the user in settings of their own`);
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new RangeError(`"${shown}" carries more than a host and a port: ${EXPECTED}`);
  }
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  return { url: `${url.protocol}//${url.hostname}:${port}`, secure, host: url.hostname.replace(/^\[|\]$/g, ''), port };
}
