import { z } from 'zod';
import { MARK_KINDS, type Mark } from '../../model/history/series.ts';

const markSchema = z.object({
  time_unix_ms: z.number(),
  kind: z.enum(MARK_KINDS),
  container_id: z.string(),
  exit_code: z.number().nullable(),
  oom_killed: z.number().nullable(),
  ran_for_ms: z.number().nullable(),
});

/** A mark as its row of the table says it. @throws {z.ZodError} for a damaged row. */
export function decodeMark(row: unknown): Mark {
  const { time_unix_ms: timeUnixMs, kind, container_id: containerId, ...told } = markSchema.parse(row);
  const { exit_code: exitCode, oom_killed: oomKilled, ran_for_ms: ranForMs } = told;
  const mark = { timeUnixMs, kind, containerId };
  if (exitCode === null && oomKilled === null && ranForMs === null) return mark;
  const exit = {
    exitCode: exitCode ?? undefined,
    oomKilled: oomKilled === null ? undefined : oomKilled !== 0,
    ranForMs: ranForMs ?? undefined,
  };
  return { ...mark, exit };
}

/** Its columns after the line's number. */
export function markFields({ timeUnixMs, kind, containerId, exit }: Mark): (number | string | null)[] {
  const oomKilled = exit?.oomKilled;
  const ranForMs = exit?.ranForMs;
  return [
    Math.round(timeUnixMs),
    kind,
    containerId,
    exit?.exitCode ?? null,
    oomKilled === undefined ? null : Number(oomKilled),
    ranForMs === undefined ? null : Math.round(ranForMs),
  ];
}
