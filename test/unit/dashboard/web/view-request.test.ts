import { describe, expect, test } from 'vitest';
import { subscribeSchema } from '../../../../dashboard/wire.ts';
import { fittingRequest } from '../../../../dashboard/web/view-request.ts';

/** An address can be made to say anything. */
const LONG = 'x'.repeat(5000);

describe('what a page asks to be sent', () => {
  test.each([
    { view: 'host', host: LONG },
    { view: 'containers', filter: LONG },
    { view: 'container', series: [LONG] },
    { view: 'container', key: LONG },
    { view: 'compare', series: Array.from({ length: 20 }, (_, index) => `${index}${LONG}`) },
  ] as const)('is taken by the server, whatever the address says: $view', (request) => {
    expect(subscribeSchema.safeParse(request).success).toBe(false);
    expect(subscribeSchema.safeParse(fittingRequest(request)).error).toBeUndefined();
  });

  test('is for everything where the filter does not fit: half of one would leave out what the whole one matches', () => {
    expect(fittingRequest({ view: 'containers', filter: LONG })).toEqual({ view: 'containers' });
  });

  test('is as it was where it fits', () => {
    for (const request of [
      { view: 'overview' },
      { view: 'host', host: 'n1' },
      { view: 'containers', filter: 'host:h1' },
      { view: 'compare', series: ['n1', 'n1/runc/web'] },
    ] as const)
      expect(fittingRequest(request)).toEqual(request);
  });
});
