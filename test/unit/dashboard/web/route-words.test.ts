import { expect, test } from 'vitest';
import {
  labelsOf,
  pacesText,
  quietText,
  takenText,
  togetherText,
  type RouteAnswer,
} from '../../../../dashboard/web/alerts/route-words.ts';

const ROOT: RouteAnswer = {
  key: '{}',
  depth: 0,
  matchers: '{}',
  receiver: 'default',
  channels: [],
  groupBy: ['alertname', 'host'],
  groupWaitMs: 30_000,
  groupIntervalMs: 300_000,
  repeatIntervalMs: 14_400_000,
  muteTimeIntervals: [],
  activeTimeIntervals: [],
  continue: false,
};

test('a route in words', () => {
  expect(takenText(ROOT)).toBe('all that no route below takes');
  expect(takenText({ ...ROOT, depth: 1 })).toBe('everything');
  expect(takenText({ ...ROOT, depth: 1, matchers: '{severity="info",host=~"a.*"}' })).toBe(
    'severity="info",host=~"a.*"',
  );
  expect(togetherText(ROOT)).toBe('alertname, host');
  expect(togetherText({ ...ROOT, groupBy: ['...'] })).toBe('each alert by itself');
  expect(togetherText({ ...ROOT, groupBy: [] })).toBe('all in one');
  expect(pacesText(ROOT)).toBe('after 30\u00a0s, then each 5\u00a0min, the same again after 4\u00a0h');
  expect(quietText(ROOT)).toBe('');
  expect(quietText({ ...ROOT, muteTimeIntervals: ['nights'], activeTimeIntervals: ['work', 'duty'] })).toBe(
    'only in work, duty; not in nights',
  );
});

test('labels of one alert are typed as they are shown', () => {
  expect(labelsOf('alertname="A B"\n\nhost=h1, container="c"')).toEqual({
    alertname: 'A B',
    host: 'h1',
    container: 'c',
  });
  expect(labelsOf('')).toEqual({});
  expect(() => labelsOf('host=~"h.*"')).toThrow('host: expected a label of one alert, such as host="h1"');
  expect(() => labelsOf('what')).toThrow(RangeError);
});
