import { randomUUID } from 'node:crypto';
import type { Context, Hono } from 'hono';
import type { Clock } from '../../../native/host/clock.ts';
import type { Documents } from '../documents.ts';
import type { Env } from '../http.ts';
import type { NotifyParts } from '../notify/assemble.ts';
import { channelSchema } from '../notify/channel-schema.ts';
import { problem } from '../problem.ts';
import { jsonObject } from './access.ts';
import { testChannel } from './channel-test.ts';
import type { Doors } from './doors.ts';

export interface ChannelsApiParts {
  readonly notify: Pick<NotifyParts, 'channels'>;
  readonly documents: Documents;
  readonly externalUrl: string;
  readonly clock: Clock;
}

/** Who is told of alerts. */
export function addChannels(api: Hono<Env>, parts: ChannelsApiParts, { reading, changing }: Doors): void {
  const { notify, documents, clock, externalUrl } = parts;
  const { channels } = notify;
  const ofApi = (id: string): boolean => documents.get('channel', id) !== undefined;
  const save = (id: string, value: object): void => {
    const before = documents.get('channel', id)?.value;
    // Secrets are written and never read back: who changes a channel leaves out what stays.
    const kept = typeof before === 'object' && before !== null ? before : {};
    const spec = channelSchema.parse({ ...kept, ...value });
    documents.put({ kind: 'channel', id, updatedAtUnixMs: clock.nowMs(), value: spec });
  };
  const shown = (context: Context<Env>, id: string, status: 200 | 201): Response => {
    const known = channels.get(id);
    return known === undefined
      ? problem(context, 404, 'there is no such channel')
      : context.json(channels.view(known), status);
  };
  const notOfApi = (context: Context<Env>): Response =>
    problem(context, 404, 'there is no such channel of the API; those of files are changed there');
  api.get(
    '/channels',
    reading((context) => context.json({ channels: channels.all.map((known) => channels.view(known)) })),
  );
  api.post(
    '/channels',
    changing(async (context) => {
      const id = randomUUID();
      save(id, (await jsonObject(context)) ?? {});
      return shown(context, id, 201);
    }),
  );
  api.put(
    '/channels/:id',
    changing(async (context) => {
      const id = context.req.param('id') ?? '';
      if (!ofApi(id)) return notOfApi(context);
      save(id, (await jsonObject(context)) ?? {});
      channels.enable(id);
      return shown(context, id, 200);
    }),
  );
  api.delete(
    '/channels/:id',
    changing((context) => {
      const id = context.req.param('id') ?? '';
      if (!ofApi(id)) return notOfApi(context);
      documents.remove('channel', id);
      channels.enable(id);
      return context.json({});
    }),
  );
  api.post(
    '/channels/:id/enable',
    changing((context) => {
      const id = context.req.param('id') ?? '';
      channels.enable(id);
      return shown(context, id, 200);
    }),
  );
  api.post(
    '/channels/:id/test',
    changing(async (context) => {
      const known = channels.get(context.req.param('id') ?? '');
      if (known === undefined) return problem(context, 404, 'there is no such channel');
      return context.json(await testChannel(known, { externalUrl, clock }, context.req.raw.signal));
    }),
  );
}
