import { z } from 'zod';
import { loadConfig, looseBoolean, looseInteger, stringList, type AgentInput } from '../../native/host/config.ts';

/** More than this many hosts on one machine say nothing new and take long. */
const MAX_HOSTS = 16;

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}

const demoSchema = z.object({
  hosts: looseInteger(1, MAX_HOSTS).default(3),
  port: looseInteger(1, 65_535).default(8080),
  state: z.string().min(1, 'expected the name of a file').optional(),
  load: looseBoolean.default(true),
  webhook: stringList
    .pipe(
      z
        .array(z.string().refine(isHttpUrl, 'expected a URL such as http://127.0.0.1:9000/hook'))
        .max(16, 'expected at most 16 webhooks'),
    )
    .default([]),
});

/** What `weft demo` was asked for. `state` is where the JSON document goes; `load: false` leaves the containers idle. */
export type DemoOptions = z.infer<typeof demoSchema>;

/** @throws {ConfigError} with every fault at once. */
export function parseDemoOptions(input: AgentInput): DemoOptions {
  return loadConfig(demoSchema, {
    flags: input.flags,
    envPrefix: 'WEFT_DEMO_',
    env: input.env,
    file: input.configFile,
  });
}
