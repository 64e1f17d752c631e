import { expect, test } from 'vitest';
import { subnetsText } from '../../../flannel/model/lease-text.ts';
import { SubnetChanges } from '../../../flannel/subnet-changes.ts';
import type { SubnetPair } from '../../../flannel/wire.ts';
import { until } from '../../support/until.ts';
import { pairOf } from './builders.ts';

const first = pairOf('10.5.1.0/24');
const second = pairOf('10.5.2.0/24');
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });

test('what is built on the subnets is built anew when they change, and ends with the signal', async () => {
  const changes = new SubnetChanges();
  const built: string[] = [];
  const stop = new AbortController();
  const build = (subnets: SubnetPair, signal: AbortSignal): Promise<never> => {
    built.push(subnetsText(subnets));
    return untilAborted(signal);
  };
  const run = changes.run(first, build, stop.signal);
  await until(() => built.length === 1, { what: 'built' });
  changes.change(second);
  await until(() => built.length === 2, { what: 'built again' });
  expect(built).toEqual(['10.5.1.0/24', '10.5.2.0/24']);
  stop.abort(new RangeError('stopped'));
  await expect(run).rejects.toThrow('stopped');
});

test('a change before anything was built counts', async () => {
  const changes = new SubnetChanges();
  changes.change(second);
  const run = changes.run(
    first,
    (subnets) => Promise.reject(new RangeError(subnetsText(subnets))),
    new AbortController().signal,
  );
  await expect(run).rejects.toThrow('10.5.2.0/24');
});

test('a failure of its own is thrown on', async () => {
  const run = new SubnetChanges().run(
    first,
    () => Promise.reject(new RangeError('broken')),
    new AbortController().signal,
  );
  await expect(run).rejects.toThrow('broken');
});
