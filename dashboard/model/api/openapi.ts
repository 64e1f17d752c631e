import { API_PREFIX, API_ROUTES, type ApiRoute } from './routes.ts';

/** A JSON Schema. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What a route takes and answers with when all is well. */
export interface RouteShapes {
  readonly status: 200 | 201 | 302;
  /** `undefined` for an answer without a body. */
  readonly answer: JsonSchema | undefined;
  /** Of the answer, when it is no JSON. */
  readonly type?: string | undefined;
  readonly body?: JsonSchema | undefined;
  /** Of the query, each with what it means. */
  readonly query?: Readonly<Record<string, string>> | undefined;
}

/** `GET /hosts`, as a key of the shapes. */
export function routeKey({ method, path }: Pick<ApiRoute, 'method' | 'path'>): string {
  return `${method} ${path}`;
}

const PROBLEM: JsonSchema = {
  type: 'object',
  description: 'RFC 9457; `detail` is one sentence.',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    faults: {
      type: 'array',
      description: 'What is wrong with single values of the body, each with its place, such as `levels.0.threshold`.',
      items: {
        type: 'object',
        properties: { path: { type: 'string' }, message: { type: 'string' } },
        required: ['path', 'message'],
        additionalProperties: false,
      },
    },
  },
  required: ['type', 'title', 'status', 'detail'],
  additionalProperties: false,
};

const json = (schema: JsonSchema, type = 'application/json'): object => ({ content: { [type]: { schema } } });
const refusal = (description: string): object => ({
  description,
  ...json({ $ref: '#/components/schemas/Problem' }, 'application/problem+json'),
});

function responsesOf({ need }: ApiRoute, { status, answer, type }: RouteShapes): object {
  const ok = { description: 'As asked.', ...(answer === undefined ? {} : json(answer, type)) };
  const closed = {
    '401': refusal('Nobody that is known.'),
    '403': refusal('The role or the scope does not do, or a browser did not mean it.'),
  };
  return {
    [String(status)]: ok,
    ...(need === 'anybody' ? {} : closed),
    default: refusal('What was asked cannot be done.'),
  };
}

function parametersOf({ path }: ApiRoute, { query = {} }: RouteShapes): object[] {
  const schema = { type: 'string' };
  return [
    ...Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => ({ name, in: 'path', required: true, schema })),
    ...Object.entries(query).map(([name, description]) => ({ name, in: 'query', description, schema })),
  ];
}

function operationOf(route: ApiRoute, shapes: RouteShapes): object {
  const { need, summary, scoped } = route;
  const open = need === 'anybody';
  return {
    summary,
    description: open ? 'Open to anybody.' : `Needs ${need}${scoped === true ? '; cut to the label scope' : ''}.`,
    security: open ? [] : [{ token: [] }, { session: [] }],
    parameters: parametersOf(route, shapes),
    ...(shapes.body === undefined ? {} : { requestBody: { required: true, ...json(shapes.body) } }),
    responses: responsesOf(route, shapes),
  };
}

/** The OpenAPI 3.1 document of everything below `/api/v1`. Routes without shapes are left out. */
export function openApiDocument(version: string, shapes: Readonly<Record<string, RouteShapes>>): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of API_ROUTES) {
    const known = shapes[routeKey(route)];
    if (known === undefined) continue;
    (paths[`${API_PREFIX}${route.path}`] ??= {})[route.method.toLowerCase()] = operationOf(route, known);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'weft dashboard',
      version,
      description: 'Hosts, containers, their past and alerts. What is not known is `null` or left out, never 0.',
    },
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'weft-session' },
      },
    },
  };
}
