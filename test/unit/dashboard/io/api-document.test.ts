import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadDashboardConfig } from '../../../../dashboard/config.ts';
import { layFoundation } from '../../../../dashboard/foundation.ts';
import { makeHeart } from '../../../../dashboard/heart.ts';
import { API_SHAPES } from '../../../../dashboard/io/api-shapes.ts';
import { VouchWatch } from '../../../../dashboard/io/access/vouch-watch.ts';
import { createApi } from '../../../../dashboard/io/api.ts';
import { HistoryReader } from '../../../../dashboard/io/history/history-reader.ts';
import { RequestGuard } from '../../../../dashboard/io/request-guard.ts';
import { TrustedProxies } from '../../../../dashboard/io/trusted-proxies.ts';
import { routeKey } from '../../../../dashboard/model/api/openapi.ts';
import { API_ROUTES, routeOf } from '../../../../dashboard/model/api/routes.ts';
import { settingsSource } from '../../../../dashboard/settings-source.ts';
import { systemClock as clock } from '../../../../native/host/clock.ts';
import { createLogger } from '../../../../native/host/log.ts';

const listed = API_ROUTES.map(routeKey).sort();

/** What the real API registers with its router. */
async function registeredRoutes(): Promise<string[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'weft-test-document-'));
  const log = createLogger({ name: 'test', level: 'fatal' });
  const config = loadDashboardConfig({ flags: { dataDir }, env: {}, configFile: undefined });
  const foundation = await layFoundation(config, log);
  try {
    const { auth, store, history, views, metrics } = foundation;
    const heart = makeHeart(foundation, { externalUrl: 'http://test', leadership: undefined });
    const api = createApi({
      auth,
      audit: store.audit,
      views,
      guard: new RequestGuard({
        auth,
        publicUrl: undefined,
        tls: false,
        proxies: new TrustedProxies([]),
        forwardAuth: undefined,
        vouchWatch: new VouchWatch(clock),
        port: 1,
      }),
      source: {
        order: () => heart.view.order(),
        status: () => ({}),
        hosts: () => [],
        containers: () => [],
        alerts: () => [],
      },
      alerting: { ...heart, history, documents: store.documents, episodes: store.episodes, externalUrl: 'http://test' },
      history: new HistoryReader(heart.cluster.history, history, undefined),
      settings: settingsSource({
        config,
        heart,
        history,
        remoteReader: undefined,
        documents: store.documents,
        clock,
        vouchWatch: new VouchWatch(clock),
      }),
      askDevices: () => Promise.resolve(undefined),
      version: '1',
      loginUrl: (token) => token,
      clock,
      log,
      metrics,
    });
    const handlers = api.routes.filter(({ method }) => method !== 'ALL');
    return [...new Set(handlers.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`))].sort();
  } finally {
    await foundation.history[Symbol.asyncDispose]();
    foundation.store[Symbol.dispose]();
    await rm(dataDir, { recursive: true, force: true });
  }
}

test('every handler has an entry in the list that decides who may, and every entry a handler', async () => {
  expect(await registeredRoutes()).toEqual(listed);
});

test('every route is documented, and nothing else is', () => {
  expect(Object.keys(API_SHAPES).sort()).toEqual(listed);
});

test.each([
  ['GET', '/api/v1/rules/abc', '/rules/{id}'],
  ['POST', '/api/v1/rules/preview', '/rules/preview'],
  ['HEAD', '/api/v1/hosts', '/hosts'],
  ['DELETE', '/api/v1/hosts', undefined],
  ['GET', '/api/v1/rules/a/b', undefined],
  ['GET', '/api/v2/alerts', undefined],
  ['GET', '/api/v10/hosts', undefined],
])('%s %s is the route %s', (method, path, want) => {
  expect(routeOf(method, path)?.path).toBe(want);
});
