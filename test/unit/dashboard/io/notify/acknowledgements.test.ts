import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Acknowledgements } from '../../../../../dashboard/io/notify/acknowledgements.ts';
import { openStateStore } from '../../../../../dashboard/io/state-store.ts';
import { T0 } from '../../builders.ts';
import { anAlert, PENDING, RESOLVED } from '../../model/notify/alerts.ts';

test('an acknowledgement is of one episode: it ends with it, and the next one has none', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weft-test-acks-'));
  try {
    using store = openStateStore(folder, (record) => {
      throw new RangeError(record);
    });
    const acknowledgements = new Acknowledgements(store.documents);
    const firing = anAlert();
    const ended = anAlert({}, { state: RESOLVED });
    acknowledgements.put(firing.fingerprint, { by: 'ann', comment: 'on it', atUnixMs: T0 });
    acknowledgements.follow([firing]);
    expect(acknowledgements.of(firing)?.by).toBe('ann');
    for (const state of [PENDING, RESOLVED]) expect(acknowledgements.of(anAlert({}, { state }))).toBeUndefined();
    acknowledgements.follow([ended]);
    expect(acknowledgements.of(firing)).toBeUndefined();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
