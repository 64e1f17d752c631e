import { expect, test } from 'vitest';
import { decodeContainerBlock } from '../../../../dashboard/web/columns.ts';
import { csvOf, exportRows } from '../../../../dashboard/web/export-list.ts';
import { VIEW_COLUMNS } from '../../../../dashboard/view-wire.ts';
import { aContainerView } from './builders.ts';

const block = decodeContainerBlock(
  new Uint8Array(Float32Array.from(VIEW_COLUMNS.flatMap((_, column) => [column, Number.NaN])).buffer),
  2,
);
const rows = exportRows({
  containers: [
    { container: aContainerView('x', { name: '=HYPERLINK("http://evil")', labels: { a: '1' } }), row: 1 },
    { container: aContainerView('y', { startedAtUnixMs: 0, cpuLimitCores: 0.5 }), row: 0 },
  ],
  block,
});

test('rows have their values by name, null where nothing is known', () => {
  expect(rows[1]).toMatchObject({ name: 'y', startedAt: '1970-01-01T00:00:00.000Z', cpuLimitCores: 0.5, cpuCores: 0 });
  expect(rows[1]).toMatchObject({ memoryWorkingSetBytes: 2, image: null });
  expect(rows[0]).toMatchObject({ cpuCores: null, labels: 'a=1' });
});

test('no name becomes a formula of a spreadsheet, and quotes stay quotes', () => {
  const [header, first] = csvOf(rows).split('\r\n');
  expect(header?.startsWith('host,name,image,')).toBe(true);
  expect(first?.startsWith('h1,"\'=HYPERLINK(""http://evil"")",,runc,')).toBe(true);
});

test.each(['=1', '+1', '-1', '@x', '\tx', '\rx', '\nx'])('%j is made a text', (name) => {
  const [row] = exportRows({ containers: [{ container: aContainerView('k', { name }), row: 0 }], block: undefined });
  expect(csvOf([row!]).split('\r\n').slice(1).join('\r\n')).toContain(`'${name}`);
});

test('nothing is a line of no names', () => {
  expect(csvOf([])).toBe('\r\n');
});
