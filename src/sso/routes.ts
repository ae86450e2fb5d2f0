import type { Hono, Context as HonoContext } from 'hono'
import type { Services } from '../context.ts'
import { newId } from '../db/ids.ts'
import { toApiError } from '../http/envelope.ts'
import { ApiError } from '../http/errors.ts'
import { noteRequest } from '../http/request-log.ts'
import { answerCallback, type Refusal } from './callback.ts'
import { LoginError } from './flow.ts'
import { spMetadata } from './metadata.ts'
import { refusalResponse } from './refusal-page.ts'
import { startLogin } from './start.ts'

const start = '/v1/public/sso/start'
const callback = '/v1/b2b/sso/callback/:connection_id'
const metadata = '/v1/public/sso/saml/metadata/:connection_id'

/** Mounts what the browser and the identity providers call: start, callback, SP metadata. */
export function mountSSO(app: Hono, services: Services): void {
  const { limits } = services
  const tell = tellRefusals(services)
  app.get(start, (c) =>
    tell(c, () => {
      refuseHead(c)
      limits.visit(c, 'start', start, c.req.query('public_token') ?? '')
      return startLogin(services, c.req.raw)
    }),
  )
  app.on(['GET', 'POST'], callback, (c) =>
    tell(c, (refuse) => {
      refuseHead(c)
      const connection_id = c.req.param('connection_id')
      limits.visit(c, 'callback', callback, connection_id)
      return answerCallback(services, connection_id, c.req.raw, refuse)
    }),
  )
  app.get(metadata, (c) =>
    tell(c, () => {
      const connection_id = c.req.param('connection_id')
      limits.visit(c, 'start', metadata, connection_id)
      return spMetadata(services, connection_id)
    }),
  )
  for (const path of [start, callback, metadata])
    app.all(path, (c) =>
      tell(c, () => {
        throw new ApiError('method_not_allowed')
      }),
    )
}

/** Hono answers HEAD as GET; a link scanner's would use up the code of somebody's login. */
function refuseHead(c: HonoContext): void {
  if (c.req.raw.method === 'HEAD') throw new ApiError('method_not_allowed')
}

const unknown = new Set(['public_token_not_found', 'sso_connection_not_found'])

/** Answers what `work` throws, or passes on itself, by the page for people; both count where they must. */
export function tellRefusals(services: Services) {
  return async (
    c: HonoContext,
    work: (refuse: (refusal: Refusal) => Response) => Promise<Response>,
  ): Promise<Response> => {
    const request = c.req.raw
    const refuse = (refusal: Refusal) => {
      if (unknown.has(refusal.error.error_type)) services.limits.visitFailed(c)
      noteRequest(services, request, { request_id: refusal.request_id })
      return refusalResponse(services, request, refusal)
    }
    try {
      return await work(refuse)
    } catch (cause) {
      const error = toApiError(cause)
      const known = error instanceof LoginError ? error.request_id : undefined
      const request_id =
        known ?? newId('request-id', request.url.includes('-live-') ? 'live' : 'test')
      logRefusal(services, request_id, error, cause)
      return refuse({ error, request_id })
    }
  }
}

function logRefusal({ log }: Services, request_id: string, error: ApiError, cause: unknown): void {
  const { status, error_type } = error
  if (status >= 500) log.error({ err: cause, request_id }, 'login failed')
  // A flood of requests must not become one of lines; the limits report it.
  else if (status === 429) log.debug({ request_id, error_type }, 'login refused')
  else log.info({ request_id, error_type }, 'login refused')
}
