import { z } from 'zod';
import { LABEL_NAME } from '../../model/alert/matcher.ts';
import { silenceState, type Silence, type SilenceRequest } from '../../model/notify/silence.ts';

const time = z
  .string()
  .max(64)
  .transform((text, context) => {
    const unixMs = Date.parse(text);
    if (!Number.isNaN(unixMs)) return unixMs;
    context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is no time: expected RFC 3339` });
    return z.NEVER;
  });

/** A silence as Alertmanager's API v2 is posted one. */
export const postableSilence = z
  .object({
    id: z.string().max(64).nullish(),
    matchers: z
      .array(
        z.object({
          name: z.string().max(128).regex(LABEL_NAME, 'expected the name of a label'),
          value: z.string().max(1024),
          isRegex: z.boolean().default(false),
          isEqual: z.boolean().default(true),
        }),
      )
      .max(50),
    startsAt: time,
    endsAt: time,
    createdBy: z.string().max(256),
    comment: z.string().max(4096),
    annotations: z.record(z.string().max(128), z.string().max(1024)).default({}),
  })
  .transform(({ id, startsAt, endsAt, ...rest }): SilenceRequest => ({
    ...rest,
    id: id === null || id === '' ? undefined : id,
    startsAtUnixMs: startsAt,
    endsAtUnixMs: endsAt,
  }));

/** A silence as Alertmanager's API v2 shows one. */
export function gettableSilence(silence: Silence, nowUnixMs: number): object {
  const { id, matchers, startsAtUnixMs, endsAtUnixMs, updatedAtUnixMs, createdBy, comment, annotations } = silence;
  const iso = (unixMs: number): string => new Date(unixMs).toISOString();
  return {
    id,
    status: { state: silenceState(silence, nowUnixMs) },
    matchers,
    startsAt: iso(startsAtUnixMs),
    endsAt: iso(endsAtUnixMs),
    updatedAt: iso(updatedAtUnixMs),
    createdBy,
    comment,
    annotations,
  };
}
