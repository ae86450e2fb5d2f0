/** The API as an OpenAPI 3.1 document: made of the endpoints by `scripts/openapi.ts`, served as committed. */
import { readFileSync } from 'node:fs'
import type { Hono } from 'hono'
import { z } from 'zod'
import type { Endpoint } from './endpoint.ts'

type JSONSchema = Record<string, unknown> & { properties?: Record<string, JSONSchema> }

export interface OpenAPIFacts {
  version: string
  /** The operationId of an endpoint: the name of the SDK's method for it. */
  operationId(endpoint: Endpoint): string
  /** The objects that answers share, by the name they get in the document. */
  components: Record<string, z.ZodType>
}

const file = new URL('../../openapi.json', import.meta.url)

/** Serves the committed document at `/openapi.json`. */
export function mountOpenAPI(app: Hono): void {
  let text: string | undefined
  app.get('/openapi.json', (c) => {
    text ??= readFileSync(file, 'utf8')
    return c.body(text, 200, { 'content-type': 'application/json' })
  })
}

/** The document, of all endpoints in their order. */
export function buildOpenAPI(endpoints: readonly Endpoint[], facts: OpenAPIFacts) {
  const schemas: Record<string, JSONSchema> = { Error: errorSchema }
  for (const [id, schema] of Object.entries(facts.components)) z.globalRegistry.add(schema, { id })
  const paths: Record<string, Record<string, unknown>> = {}
  for (const each of endpoints) {
    const path = each.path.replace(/:(\w+)/g, '{$1}')
    const operation = toOperation(each, facts, schemas)
    paths[path] = { ...paths[path], [each.method.toLowerCase()]: operation }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Portcullis',
      version: facts.version,
      description: "Enterprise single sign-on that speaks Stytch's B2B API.",
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ project: [] }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        project: { type: 'http', scheme: 'basic', description: 'project_id and secret' },
      },
      responses: {
        Error: {
          description: 'What went wrong; error_type says it for programs.',
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
        },
      },
    },
  }
}

function toOperation(each: Endpoint, facts: OpenAPIFacts, schemas: Record<string, JSONSchema>) {
  const operationId = facts.operationId(each)
  const input = toSchema(each.input, 'input', schemas)
  const output = toSchema(each.output, 'output', schemas)
  const names = new Set([...each.path.matchAll(/:(\w+)/g)].map((match) => match[1]!))
  const inBody = each.method === 'POST' || each.method === 'PUT'
  const parameters = Object.entries(input.properties ?? {})
    .filter(([name]) => names.has(name) || !inBody)
    .map(([name, schema]) => {
      const required = names.has(name) || isRequired(input, name)
      return { name, in: names.has(name) ? 'path' : 'query', required, schema }
    })
  return {
    operationId,
    summary: each.summary,
    tags: [operationId.split('.')[0]],
    ...(each.auth === 'none' && { security: [] }),
    parameters: [...parameters, ...(each.permission ? sessionHeaders : [])],
    ...(inBody && {
      requestBody: { content: { 'application/json': { schema: without(input, names) } } },
    }),
    responses: {
      200: {
        description: 'Done.',
        content: { 'application/json': { schema: withEnvelope(output) } },
      },
      default: { $ref: '#/components/responses/Error' },
    },
  }
}

function toSchema(
  schema: z.ZodType,
  io: 'input' | 'output',
  schemas: Record<string, JSONSchema>,
): JSONSchema {
  const made = z.toJSONSchema(schema, { io, unrepresentable: 'any', override: tidy })
  const { $schema: _, $defs, ...rest } = movedToComponents(made)
  Object.assign(schemas, $defs)
  return rest
}

/** Answers may gain fields; a Timestamp is what its meta says, whatever it is made of. */
function tidy({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
  if (jsonSchema.format === 'date-time') delete jsonSchema.anyOf
  if (jsonSchema.id) delete jsonSchema.id
}

function movedToComponents(schema: unknown): JSONSchema {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'))
}

function isRequired(schema: JSONSchema, name: string): boolean {
  return Array.isArray(schema.required) && schema.required.includes(name)
}

/** The schema without properties that stand in the path. */
function without(schema: JSONSchema, names: ReadonlySet<string>): JSONSchema {
  const properties = Object.entries(schema.properties ?? {}).filter(([name]) => !names.has(name))
  const required = properties.map(([name]) => name).filter((name) => isRequired(schema, name))
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required }),
  }
}

const envelope = {
  status_code: { type: 'integer', const: 200 },
  request_id: { type: 'string' },
}

function withEnvelope(schema: JSONSchema): JSONSchema {
  const required = Array.isArray(schema.required) ? schema.required : []
  return {
    ...schema,
    properties: { ...envelope, ...schema.properties },
    required: [...Object.keys(envelope), ...required],
  }
}

const sessionHeaders = [
  { name: 'X-Stytch-Member-Session', what: 'session_token' },
  { name: 'X-Stytch-Member-SessionJWT', what: 'session_jwt' },
].map(({ name, what }) => ({
  name,
  in: 'header',
  required: false,
  schema: { type: 'string' },
  description: `The ${what} of a member in whose name the call is made: it needs that member's permission then.`,
}))

const errorSchema: JSONSchema = {
  type: 'object',
  properties: {
    status_code: { type: 'integer' },
    request_id: { type: 'string' },
    error_type: { type: 'string' },
    error_message: { type: 'string' },
    error_url: { type: 'string', format: 'uri' },
    error_details: { type: 'object' },
  },
  required: ['status_code', 'request_id', 'error_type', 'error_message', 'error_url'],
}
