import { z } from 'zod';
import { INTEGRATION_KINDS } from '../../model/integration.ts';

const text = z.string();
const time = z.string().meta({ format: 'date-time' });

export const integration = z.strictObject({
  kind: z.enum(INTEGRATION_KINDS),
  name: text,
  state: z
    .enum(['off', 'untried', 'ok', 'failing'])
    .describe('untried: it is configured, and nothing went that way since the start.'),
  targets: z.array(text).describe('Where it leads, without what may be secret in an address.'),
  counts: z.record(text, z.number()).describe('Since the start.'),
  lastSuccessAt: time.nullable(),
  lastError: z.strictObject({ at: time, reason: text }).nullable().describe('Stays when it works again.'),
  settings: z.array(text).describe('What configures it.'),
});

export const configFile = z.strictObject({
  id: z.enum(['settings', 'rules', 'notify']),
  name: text,
  flag: z.enum(['--config', '--rules-dir', '--notify']).describe('What reads it.'),
  text: text.describe('YAML. Secrets are never in it.'),
});
