import { API_PREFIX, EVENT_STREAM, NDJSON, PROBLEM_JSON, STATS_PATH } from '../status-wire.ts';

/** Where each answer comes from; the handlers and the document are held to the same list. */
export const API_ROUTES = {
  host: `${API_PREFIX}/host`,
  hardware: `${API_PREFIX}/host/hardware`,
  containers: `${API_PREFIX}/containers`,
  container: `${API_PREFIX}/containers/{id}`,
  processes: `${API_PREFIX}/containers/{id}/processes`,
  openapi: `${API_PREFIX}/openapi.json`,
  stats: STATS_PATH,
} as const;

/** Of `GET /api/v1/containers`. */
export const CONTAINER_PARAMETERS = ['state', 'name', 'runtime'];

export const STATE_CHOICES = ['alive', 'running', 'paused', 'exited', 'all'] as const;

const reference = (name: string): object => ({ $ref: `#/components/schemas/${name}` });
const json = (type: string, schema: object): object => ({ content: { [type]: { schema } } });
const ok = (description: string, content: object): object => ({ '200': { description, ...content } });
const problem = (status: number, description: string): object => ({
  [String(status)]: { description, ...json(PROBLEM_JSON, reference('Problem')) },
});
const get = (summary: string, responses: object, parameters: readonly object[] = []): object => ({
  get: { summary, parameters, responses },
});
const query = (name: string, description: string, schema: object): object => ({
  name,
  in: 'query',
  required: false,
  description,
  schema,
});

const ID = {
  name: 'id',
  in: 'path',
  required: true,
  description: "Name, the runtime's id, or the beginning of the id on docker's socket.",
  schema: { type: 'string' },
};

/** The OpenAPI 3.1 document. `schemas` are JSON Schemas by name. */
export function openApiDocument(version: string, schemas: Readonly<Record<string, unknown>>): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'weft statsd',
      version,
      description: 'Containers of one host, measured once a second. Read-only. What is not known is left out, never 0.',
    },
    paths: {
      [API_ROUTES.host]: get('The host', ok('The host.', json('application/json', reference('Host')))),
      [API_ROUTES.hardware]: get(
        'What the host is made of, looked up once',
        ok('The hardware.', json('application/json', reference('Hardware'))),
      ),
      [API_ROUTES.containers]: get(
        'Containers in the numbers of their last reading',
        {
          ...ok('The containers that fit.', json('application/json', reference('Stats'))),
          ...problem(400, 'There is no such parameter, or its value is not allowed.'),
        },
        [
          query('state', 'Which ones; those that live unless told otherwise.', { enum: [...STATE_CHOICES] }),
          query('name', 'Only names that contain this.', { type: 'string' }),
          query('runtime', 'Only those of one runtime.', { type: 'string' }),
        ],
      ),
      [API_ROUTES.container]: get(
        'One container',
        {
          ...ok('The container.', json('application/json', reference('Container'))),
          ...problem(404, 'Nothing fits.'),
          ...problem(409, 'Several fit.'),
        },
        [ID],
      ),
      [API_ROUTES.processes]: get(
        "A container's processes and what they hold, looked at now",
        {
          ...ok('The processes.', json('application/json', reference('Processes'))),
          ...problem(404, 'Nothing fits, or it has ended.'),
          ...problem(409, 'Several fit.'),
        },
        [ID],
      ),
      [API_ROUTES.openapi]: get('This document', ok('OpenAPI 3.1.', json('application/json', { type: 'object' }))),
      [API_ROUTES.stats]: get('All containers, once a second, until the client goes', {
        ...ok('One document a line, or a server-sent event each, by Accept.', {
          content: { [NDJSON]: { schema: reference('Stats') }, [EVENT_STREAM]: { schema: { type: 'string' } } },
        }),
        ...problem(406, 'Neither form is accepted.'),
        ...problem(503, 'Too many streams are open.'),
      }),
    },
    components: { schemas },
  };
}
