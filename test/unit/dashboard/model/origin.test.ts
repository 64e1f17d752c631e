import { describe, expect, test } from 'vitest';
import { hostComplaint, originComplaint, type RequestPlace } from '../../../../dashboard/model/origin.ts';

const place = (over: Partial<RequestPlace>): RequestPlace => ({
  host: '127.0.0.1:8080',
  origin: undefined,
  referer: undefined,
  secFetchSite: undefined,
  scheme: 'http',
  address: '127.0.0.1',
  onLoopback: true,
  ...over,
});

describe('Host', () => {
  test.each([
    { host: '127.0.0.1:8080', ok: true },
    { host: 'localhost:8080', ok: true },
    { host: '[::1]:8080', ok: true },
    { host: 'dash.example', ok: true },
    { host: 'DASH.example', ok: true },
    { host: 'evil.example', ok: false },
    { host: '127.0.0.1.evil.example', ok: false },
    { host: 'localhost.evil.example:8080', ok: false },
    { host: 'dash.example:81', ok: false },
    { host: undefined, ok: false },
    { host: "x'; script-src *", ok: false },
    { host: '10.0.0.1:8080', onLoopback: false, ok: true },
    { host: 'dash.lan:8080', onLoopback: false, ok: true },
    { host: 'a b', onLoopback: false, ok: false },
  ])('$host: $ok', ({ ok, ...over }) => {
    expect(hostComplaint(place(over), 'https://dash.example') === undefined).toBe(ok);
  });
});

describe('Origin', () => {
  test.each([
    { origin: 'http://127.0.0.1:8080', ok: true },
    { origin: 'https://dash.example', ok: true },
    { origin: 'http://127.0.0.1:8081', ok: false },
    { origin: 'http://127.0.0.1', ok: false },
    { origin: 'https://127.0.0.1:8080', ok: false },
    { origin: 'http://localhost:8080', ok: false },
    { origin: 'http://dash.example', ok: false },
    { origin: 'null', ok: false },
    { origin: 'http://evil.example', ok: false },
    { origin: 'http://127.0.0.1:8080', secFetchSite: 'cross-site', ok: false },
    { origin: 'http://127.0.0.1:8080', secFetchSite: 'same-site', ok: false },
    { origin: 'http://127.0.0.1:8080', secFetchSite: 'same-origin', ok: true },
    { referer: 'http://127.0.0.1:8080/containers', ok: true },
    { referer: 'http://evil.example/', ok: false },
    { referer: 'not a url', ok: false },
    { ok: false },
  ])('%j', ({ ok, ...over }) => {
    expect(originComplaint(place(over), 'https://dash.example', 'origin') === undefined).toBe(ok);
  });

  test.each([
    { need: 'no-contradiction', ok: true },
    { need: 'any-proof', ok: false },
    { need: 'any-proof', secFetchSite: 'same-origin', ok: true },
    { need: 'any-proof', secFetchSite: 'cross-site', ok: false },
    { need: 'origin', secFetchSite: 'same-origin', ok: false },
  ] as const)('without an origin: %j', ({ need, ok, ...over }) => {
    expect(originComplaint(place(over), undefined, need) === undefined).toBe(ok);
  });
});
