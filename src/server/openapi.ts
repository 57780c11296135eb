import { z } from 'zod';
import type { Endpoint } from './endpoint.ts';
import type { Route } from './route.ts';

type Json = Readonly<Record<string, unknown>>;

const ERROR = {
  type: 'object',
  required: ['error_code', 'message'],
  properties: { error_code: { type: 'string' }, message: { type: 'string' } },
};

/** The server in OpenAPI's words, from the rows that it answers by. */
export function describeApi(endpoints: readonly Endpoint[], routes: readonly Route[]): object {
  const paths = new Map<string, Json>();
  const add = (path: string, method: string, operation: Json) =>
    paths.set(path, { ...paths.get(path), [method.toLowerCase()]: { ...operation, responses: RESPONSES } });
  for (const { method, path, request } of endpoints) {
    add(`/api/2.0${templated(path)}`, method, operationOf(method, { path, request }));
  }
  for (const { method, path, root } of routes) {
    add(`${root ? '' : '/api/2.0'}${templated(path)}`, method, { parameters: inPath(path) });
  }
  for (const path of ['/health', '/version', '/metrics']) add(path, 'GET', { parameters: [] });
  return {
    openapi: '3.1.0',
    info: { title: "lockstep server: MLflow's REST API", version: '2.0' },
    servers: [{ url: '/' }],
    components: {
      schemas: { Error: ERROR },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' }, basic: { type: 'http', scheme: 'basic' } },
    },
    security: [{}, { bearer: [] }, { basic: [] }],
    paths: Object.fromEntries(paths),
  };
}

const RESPONSES = {
  200: { description: 'Done.' },
  default: {
    description: 'What is wrong with the request.',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  },
};

/** `:name` and a closing `*`, which is any path. */
function templated(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}').replace(/\*$/, '{path}');
}

function inPath(path: string): readonly Json[] {
  return [...templated(path).matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function operationOf(method: string, { path, request }: Pick<Endpoint, 'path' | 'request'>): Json {
  const parameters = inPath(path);
  const schema = requestSchema(request, new Set(parameters.map(({ name }) => String(name))));
  if (method !== 'GET') return { parameters, requestBody: { content: { 'application/json': { schema } } } };
  const query = Object.entries(schema.properties).map(([name, one]) => {
    return { name, in: 'query', required: schema.required.includes(name), schema: one };
  });
  return { parameters: [...parameters, ...query] };
}

/** What a request may hold, without what stands in the path already. */
function requestSchema(request: z.ZodType, without: ReadonlySet<string>) {
  const whole = z.toJSONSchema(request, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'bigint') jsonSchema.type = 'integer';
    },
  });
  const properties = Object.entries(whole.properties ?? {}).filter(([name]) => !without.has(name));
  const shape = request instanceof z.ZodObject ? (request.shape as Readonly<Record<string, z.ZodType>>) : {};
  // Asked of the fields themselves: lists may be absent, which their schemas have no word for.
  const required = properties.map(([name]) => name).filter((name) => !shape[name]?.safeParse(undefined).success);
  return { type: 'object', properties: Object.fromEntries(properties), required };
}
