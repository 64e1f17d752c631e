import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { INTEGRATION_KINDS, INTEGRATION_SETTINGS } from '../../../../dashboard/model/integration.ts';
import { parseNotifyFile } from '../../../../dashboard/io/notify/notify-file.ts';
import { dashboardSchema } from '../../../../dashboard/config.ts';
import { countName, INTEGRATION_WORDS } from '../../../../dashboard/web/settings/integration-words.ts';

test.each([
  ['rules', 'Rules'],
  ['sentSamples', 'Sent samples'],
])('%s is shown as %s', (name, want) => {
  expect(countName(name)).toBe(want);
});

test.each(INTEGRATION_KINDS.filter((kind) => INTEGRATION_SETTINGS[kind].length > 0))(
  'the example of %s is one that is read, and has the settings that are named',
  (kind) => {
    const text = INTEGRATION_WORDS[kind].example ?? '';
    if (INTEGRATION_SETTINGS[kind].includes('notify')) {
      expect(parseNotifyFile(text, 'n.yaml').receivers[0]?.channels).toMatchObject([{ type: kind }]);
      return;
    }
    const values = parse(text) as Record<string, unknown>;
    expect(dashboardSchema.strict().safeParse(values).error).toBeUndefined();
    expect(Object.keys(values).sort()).toEqual([...INTEGRATION_SETTINGS[kind]].sort());
  },
);
