import { describe, expect, test } from 'vitest';
import { DeviceDesk } from '../../../../statsd/device-desk.ts';
import { emptyDetails, type ContainerDetails } from '../../../../statsd/model/details.ts';
import { containerDevices, devicesAnswer } from '../../../../statsd/model/devices.ts';
import { devicesAnswerSchema, MAX_DEVICES, type DevicesAnswer } from '../../../../statsd/device-wire.ts';
import { fullDetails } from '../builders.ts';

const nameOf = ({ major, minor }: { readonly major: number; readonly minor: number }): string => `${major}:${minor}`;
const AT = { monotonicMs: 5000, timeUnixMs: 1_795_000_000_000 };

function answerOf(details: ContainerDetails): DevicesAnswer {
  return devicesAnswer(['docker:c1'], AT, { details: () => details, nameOf });
}

describe('the answer about devices', () => {
  test('tells each interface and each block device, and is one by the contract', () => {
    const answer = answerOf(fullDetails());
    expect(devicesAnswerSchema.parse(JSON.parse(JSON.stringify(answer)))).toEqual(answer);
    expect(answer).toMatchObject({
      ...AT,
      containers: [
        {
          key: 'docker:c1',
          interfaces: [
            { name: 'eth0', ifindex: 2, receiveBytes: 100, transmitBytes: 101, receiveDropped: 1, transmitDropped: 2 },
            { name: 'e"1\\' },
          ],
          blockDevices: [
            { name: '8:0', readBytes: 1000, writeBytes: 1001 },
            { name: '8:16', readBytes: 2000, writeBytes: 2001 },
          ],
        },
      ],
    });
  });

  test.each([{ kind: 'host' }, { kind: 'unknown' }] as const)(
    'has no interfaces of a network of kind $kind',
    (network) => {
      expect(containerDevices('a', { ...emptyDetails(), network }, nameOf)).toEqual({ key: 'a' });
    },
  );

  test('leaves out a number that is not known, and says an empty list as one', () => {
    const details = fullDetails();
    if (details.network.kind === 'own') details.network.interfaces[0]!.receiveErrors = Number.NaN;
    details.blockDevices = [];
    const [told] = answerOf(details).containers;
    expect(told!.interfaces![0]).toMatchObject({ receiveErrors: undefined, transmitErrors: 0 });
    expect(told!.blockDevices).toEqual([]);
  });

  test('is bounded, and names a container once that was asked for twice', () => {
    const details = fullDetails();
    if (details.network.kind !== 'own') throw new RangeError('expected an own network');
    const { interfaces } = details.network;
    const many = { ...details.network, interfaces: Array.from({ length: 500 }, () => interfaces[0]!) };
    expect(answerOf({ ...details, network: many }).containers[0]!.interfaces).toHaveLength(MAX_DEVICES);
    expect(devicesAnswer(['a', 'a'], AT, { details: () => details, nameOf }).containers).toHaveLength(1);
  });
});

describe('the desk', () => {
  test('answers at the end of the next tick, once, and leaves out who does not live', () => {
    const desk = new DeviceDesk({ details: (key) => (key === 'a' ? fullDetails() : undefined), nameOf });
    const answers: DevicesAnswer[] = [];
    desk.ask(['a', 'gone'], (answer) => answers.push(answer));
    expect(answers).toEqual([]);
    desk.ticked(AT);
    desk.ticked({ ...AT, monotonicMs: 6000 });
    expect(answers.map(({ monotonicMs, containers }) => [monotonicMs, containers.map(({ key }) => key)])).toEqual([
      [5000, ['a']],
    ]);
  });

  test('keeps the newest questions where more wait than it holds', () => {
    const desk = new DeviceDesk({ details: () => undefined, nameOf });
    const answered: number[] = [];
    for (let number = 0; number < 1000; number += 1) desk.ask([], () => answered.push(number));
    desk.ticked(AT);
    expect(answered.length).toBeLessThan(1000);
    expect(answered.at(-1)).toBe(999);
  });
});
