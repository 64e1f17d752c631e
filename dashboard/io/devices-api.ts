import type { Context, Hono } from 'hono';
import type { DevicesAnswer } from '../../statsd/device-wire.ts';
import { apiDevices, containersNamed } from '../model/api-devices.ts';
import type { RowOrder } from '../model/cluster-view.ts';
import { deviceQuestions } from '../model/room-devices.ts';
import type { AgentDoor } from './agent-feed.ts';
import type { Env } from './http.ts';
import { problem } from './problem.ts';

export interface DevicesApiParts {
  /** What who asks may see. */
  readonly orderFor: (context: Context<Env>) => RowOrder;
  readonly ask: AgentDoor['devices'];
}

/** Adds `GET /devices`: interfaces and block devices of some containers, asked of their agents, whose next tick answers. */
export function addDevices(api: Hono<Env>, { orderFor, ask }: DevicesApiParts): void {
  api.get('/devices', async (context) => {
    const order = orderFor(context);
    const named = containersNamed(order, context.req.queries('container') ?? []);
    if ('fault' in named) return problem(context, named.status, named.fault);
    const answers = new Map<string, DevicesAnswer>();
    await Promise.all(
      deviceQuestions(named.rows).map(async (question) => {
        const answer = await ask(question);
        if (answer !== undefined) answers.set(question.nodeId, answer);
      }),
    );
    return context.json({ containers: apiDevices(named.rows, order, answers) });
  });
}
