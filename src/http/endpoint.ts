/**
 * An endpoint is a value: method, path, schemas and `run`. From the list of them (`src/api.ts`) come
 * routing, validation, the envelope, OpenAPI, the coverage report and the cross-tenant test.
 */
import type { Hono, Context as HonoContext } from 'hono'
import type { z } from 'zod'
import type { Context, RequestMemberSession, RequestProject, Services } from '../context.ts'
import { newId } from '../db/ids.ts'
import { assertStorable, decodeUTF8, parseJSONObject, readBody } from './body.ts'
import { errorBody, toApiError } from './envelope.ts'
import { ApiError, isErrorType } from './errors.ts'
import { noteRequest } from './request-log.ts'

type Raw = Readonly<Record<string, unknown>>

/** What a member session must hold to make a call (backend.md section 10). */
export interface Permission {
  resource_id: string
  /** One action, or those that this input needs; none: a valid session, and run() judges the rest. */
  action: string | ((input: Raw) => string[])
  /** Members may do it to themselves by a permission on `stytch.self`. */
  self?: boolean
}

/** An endpoint as the rest of the program sees it. */
export interface Endpoint {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** As Hono writes it: `/v1/b2b/organizations/:organization_id`. */
  path: string
  summary: string
  input: z.ZodObject
  output: z.ZodObject
  /** `project`: Basic project_id:secret. `none`: public; the project comes from the path. */
  auth: 'project' | 'none'
  permission: Permission | undefined
  /** Of every good answer, such as Cache-Control. */
  headers: Record<string, string> | undefined
  run(input: unknown, context: Context): Promise<unknown>
}

interface Definition<I extends z.ZodObject, O extends z.ZodObject> {
  method: Endpoint['method']
  path: string
  summary: string
  input: I
  output: O
  auth?: Endpoint['auth']
  permission?: Permission
  headers?: Record<string, string>
  run(input: z.output<I>, context: Context): Promise<z.input<O>>
}

type Declared<I extends z.ZodObject, O extends z.ZodObject> = Omit<
  Endpoint,
  'input' | 'output' | 'run'
> &
  Pick<Definition<I, O>, 'input' | 'output' | 'run'>

/** Declares an endpoint; its type keeps input and output for the compile-time contract. */
export function endpoint<I extends z.ZodObject, O extends z.ZodObject>(
  definition: Definition<I, O>,
): Declared<I, O> {
  return { auth: 'project', permission: undefined, headers: undefined, ...definition }
}

/** What the composition root passes in, because http/ knows no subject. */
export interface Gatekeepers {
  /** The project of a request by its Basic credentials; throws `unauthorized_credentials`. */
  authenticate(services: Services, request: Request): Promise<RequestProject>
  /** The project that a public path names. */
  findProject(services: Services, project_id: string): Promise<RequestProject>
  /** The member session of the two headers, if one is there and permitted; throws 403 otherwise. */
  authorize(
    context: Context,
    headers: Headers,
    permission: Permission,
    input: Raw,
  ): Promise<RequestMemberSession | null>
}

const bodyLimit = 1_048_576

/** Adds the endpoints to the router, and an answer for the wrong method on each of their paths. */
export function mountEndpoints(
  app: Hono,
  endpoints: readonly Endpoint[],
  services: Services,
  gatekeepers: Gatekeepers,
): void {
  const methods = new Map<string, string[]>()
  for (const each of endpoints) {
    app.on(each.method, each.path, (c) => answer(c, each, services, gatekeepers))
    methods.set(each.path, [...(methods.get(each.path) ?? []), each.method])
  }
  for (const [path, allowed] of methods) {
    app.all(path, (c) => {
      c.header('Allow', allowed.join(', '))
      return sendError(c, services, newId('request-id', 'test'), new ApiError('method_not_allowed'))
    })
  }
}

async function answer(
  c: HonoContext,
  each: Endpoint,
  services: Services,
  gatekeepers: Gatekeepers,
): Promise<Response> {
  let request_id = newId('request-id', 'test')
  try {
    const project = await projectOf(c, each, services, gatekeepers)
    if (project.environment === 'live') request_id = newId('request-id', 'live')
    noteRequest(services, c.req.raw, { request_id, project_id: project.project_id })
    const context: Context = { ...services, project, request_id, member_session: null }
    const raw = await readInput(c, each)
    if (each.permission)
      context.member_session = await gatekeepers.authorize(
        context,
        c.req.raw.headers,
        each.permission,
        raw,
      )
    const output = await each.run(parseInput(each.input, raw), context)
    const body = { status_code: 200, request_id, ...each.output.parse(output) }
    return each.headers ? c.json(body, 200, each.headers) : c.json(body)
  } catch (error) {
    return sendError(c, services, request_id, error)
  }
}

/** The project of a request, within the limits; what fails counts against who asked. */
async function projectOf(
  c: HonoContext,
  each: Endpoint,
  services: Services,
  gatekeepers: Gatekeepers,
): Promise<RequestProject> {
  const named = each.auth === 'none' ? (c.req.param('project_id') ?? '') : undefined
  services.limits.call(c, `${each.method} ${each.path}`, named)
  try {
    if (named === undefined) return await gatekeepers.authenticate(services, c.req.raw)
    assertStorable(named)
    return await gatekeepers.findProject(services, named)
  } catch (error) {
    if (error instanceof ApiError) services.limits.callFailed(c, named)
    throw error
  }
}

/** Answers with the error envelope; anything that is no ApiError is logged once, with its cause. */
export function sendError(
  c: HonoContext,
  services: Services,
  request_id: string,
  error: unknown,
): Response {
  const known = toApiError(error)
  noteRequest(services, c.req.raw, { request_id })
  if (known.status >= 500)
    services.log.error({ err: error, request_id, path: c.req.path }, 'request failed')
  const body = errorBody(services.config.base_url, request_id, known)
  return c.json(body, known.status as 400, known.headers)
}

/** Path parameters over the body (POST, PUT) or the query (GET, DELETE); a top-level null means not given. */
async function readInput(c: HonoContext, each: Endpoint): Promise<Raw> {
  const parameters = { ...c.req.query(), ...c.req.param() }
  assertStorable(parameters)
  const withBody = each.method === 'POST' || each.method === 'PUT'
  const body = withBody
    ? parseJSONObject(decodeUTF8(await readBody(c.req.raw, bodyLimit)))
    : parameters
  const given = Object.entries(body).filter(([, value]) => value !== null)
  return { ...Object.fromEntries(given), ...c.req.param() }
}

/** What an endpoint takes, out of what was given. Throws the error that an issue names, or `bad_request`. */
export function parseInput<I extends z.ZodObject>(schema: I, raw: Raw): z.output<I> {
  const result = schema.safeParse(raw)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  if (isErrorType(issue.message)) throw new ApiError(issue.message)
  const field = issue.path.join('.')
  throw new ApiError('bad_request', {
    message: `${field || 'The request body'}: ${issue.message}.`,
  })
}
