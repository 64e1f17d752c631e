import { expect, test } from 'vitest';
import { fieldFaults } from '../../../../dashboard/web/field-faults.ts';

const faults = fieldFaults([
  { path: 'to.1', message: 'expected an address' },
  { path: 'url', message: 'expected a URL' },
  { path: 'url', message: 'too long' },
  { path: '', message: 'expected an object' },
]);

test.each([
  { name: 'its own fault, the first one', path: 'url', want: 'expected a URL' },
  { name: 'the fault of something in it', path: 'to', want: 'expected an address' },
  { name: 'nothing of a place that only begins the same', path: 'ur', want: undefined },
  { name: 'nothing of what is about all of it', path: 'name', want: undefined },
])('a field is told $name', ({ path, want }) => {
  expect(faults.at(path)).toBe(want);
});
