import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderTemplate, TEMPLATE_ERROR, templateFaults } from '../../../../../dashboard/model/alert/template.ts';

const values = { labels: { container: 'api', host: 'h1', __proto__x: 'p' }, value: 0.93456 };

test.each([
  ['{{ $labels.container }} on {{$labels.host}}', 'api on h1'],
  ['{{ $value }}', '0.93456'],
  ['{{ $value | humanizePercentage }}', '93.46%'],
  ['{{ $value | printf "%.1f" }}', '0.9'],
  ['{{ $labels.container | toUpper }}', 'API'],
  ['{{ $labels.container | title }}', 'Api'],
  ['{{ $labels.missing }}', ''],
  ['{{ $labels.constructor }}', ''],
  ['{{ $labels.__proto__ }}', ''],
  ['no braces', 'no braces'],
  ['{{ $value | nope }}', TEMPLATE_ERROR],
  ['{{ $value | constructor }}', TEMPLATE_ERROR],
  ['{{ range .Alerts }}', TEMPLATE_ERROR],
])('%s renders as %j', (template, want) => {
  expect(renderTemplate(template, values)).toBe(want);
});

test.each([
  ['{{ $value | humanize }}', 1_234_567, '1.235M'],
  ['{{ $value | humanize1024 }}B', 512 * 2 ** 20, '512MiB'],
  ['{{ $value | humanizeDuration }}', 3661, '1h 1m 1s'],
  ['{{ $value | humanizeDuration }}', 0, '0s'],
  ['{{ $value | humanizePercentage }}', 1.2, '120%'],
])('%s of %s is %j', (template, value, want) => {
  expect(renderTemplate(template, { labels: {}, value })).toBe(want);
});

test.each([
  { template: '{{ $labels.x }} {{ $value | humanize }}', faults: 0 },
  { template: '{{ .Value }}', faults: 1 },
  { template: '{{ $value | lower }}', faults: 1 },
  { template: '{{ $value', faults: 1 },
  { template: 'x }}', faults: 1 },
])('$template has $faults faults', ({ template, faults }) => {
  expect(templateFaults(template)).toHaveLength(faults);
});

test('a label that looks like a template is not expanded again', () => {
  expect(renderTemplate('{{ $labels.a }}', { labels: { a: '{{ $value }}' }, value: 7 })).toBe('{{ $value }}');
});

test('never throws and never grows without bound', () => {
  fc.assert(fc.property(fc.string(), (template) => renderTemplate(template, values).length <= 4096));
});
