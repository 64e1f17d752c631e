import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { serviceCheck } from '../../../../../dashboard/model/notify/service-check.ts';
import type { PayloadAlert } from '../../../../../dashboard/model/notify/webhook-payload.ts';
import { parseStatsd } from '../../../../../statsd/model/statsd-text.ts';

const NOW = Date.UTC(2026, 10, 20, 10, 0, 1, 500);

const alertWith = (change: Partial<PayloadAlert>): PayloadAlert => ({
  status: 'firing',
  labels: { alertname: 'HostDown', host: 'h1', severity: 'critical' },
  annotations: { summary: 'h1 is silent' },
  startsAt: '2026-11-20T10:00:00.000Z',
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL: 'https://dash.example/alerts',
  fingerprint: '507a62d79ee76c9a',
  ...change,
});

describe('an alert as a check', () => {
  test.each<{ alert: Partial<PayloadAlert>; want: string }>([
    {
      alert: {},
      want: '_sc|weft.HostDown|2|d:1795168801|h:h1|#host:h1,severity:critical|m:h1 is silent',
    },
    {
      alert: { labels: { alertname: 'Many Words', severity: 'warning' } },
      want: '_sc|weft.Many_Words|1|d:1795168801|#severity:warning|m:h1 is silent',
    },
    {
      alert: { status: 'resolved', annotations: { summary: 'h1 is silent', resolved_because: 'recovered' } },
      want: '_sc|weft.HostDown|0|d:1795168801|h:h1|#host:h1,severity:critical|m:h1 is silent (over: recovered)',
    },
    {
      alert: { labels: { alertname: 'A', container: 'x|m:y\n_sc|weft.A|0,#' }, annotations: { summary: 'a|b m:c' } },
      want: String.raw`_sc|weft.A|1|d:1795168801|#container:x_m_y _sc_weft.A_0__|m:x_m\:y _sc_weft.A_0,#: a_b m\:c`,
    },
  ])('$want', ({ alert, want }) => {
    expect(serviceCheck(alertWith(alert), NOW)).toBe(want);
  });

  test('whatever containers are called, it is one check that fits a datagram and says what it is about', () => {
    const text = fc.string({ unit: 'binary', maxLength: 400 });
    fc.assert(
      fc.property(fc.dictionary(text, text, { maxKeys: 20 }), text, (labels, summary) => {
        const alert = alertWith({ labels: { ...labels, alertname: 'Rule' }, annotations: { summary } });
        const check = serviceCheck(alert, NOW);
        expect(Buffer.byteLength(check)).toBeLessThanOrEqual(1_432);
        expect(parseStatsd(check).lines).toMatchObject([{ what: 'check', name: 'weft.Rule', state: 'warning' }]);
      }),
    );
  });
});
