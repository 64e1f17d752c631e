import { expect, test } from 'vitest';
import { COUNTERS, layoutOf, readFrame, type CounterName } from '../../../../dashboard/model/frame-layout.ts';
import { aContainer, aFrame, anInventory } from '../builders.ts';

const inventory = {
  ...anInventory([aContainer('a'), aContainer('b')]),
  extraColumns: ['memoryRssBytes', 'networkTransmitBytes', 'somethingNew'],
  hostExtraColumns: ['load5', 'diskReadBytes'],
};
const bytes = (values: readonly number[]): Uint8Array<ArrayBuffer> => new Uint8Array(Float64Array.from(values).buffer);
const value = (counters: Float64Array | undefined, name: CounterName): number | undefined =>
  counters?.[COUNTERS.indexOf(name)];

test('extra columns are found by their names, whatever else an agent sends', () => {
  const frame = { ...aFrame(1, [{ pidsCurrent: 1 }, { pidsCurrent: 2 }]), extra: bytes([1, 2, 30, 40, 5, 6, 7, 80]) };
  const reading = readFrame(frame, layoutOf(inventory));
  expect([0, 1].map((row) => value(reading?.countersOf(row), 'networkTransmitBytes'))).toEqual([30, 40]);
  expect(value(reading?.countersOf(1), 'pidsCurrent')).toBe(2);
  expect(value(reading?.countersOf(1), 'networkReceiveBytes')).toBeNaN();
  expect(reading?.host).toMatchObject({ diskReadBytes: 80, diskWrittenBytes: NaN });
});

test('a frame without them is whole, and they are unknown', () => {
  const reading = readFrame(aFrame(1, [{}, {}]), layoutOf(inventory));
  expect(value(reading?.countersOf(0), 'networkTransmitBytes')).toBeNaN();
  expect(reading?.host.diskReadBytes).toBeNaN();
});

test.each([7, 9])('an extra block of %d numbers does not fit', (length) => {
  const frame = { ...aFrame(1, [{}, {}]), extra: bytes(Array.from({ length }, () => 0)) };
  expect(readFrame(frame, layoutOf(inventory))).toBeUndefined();
});
