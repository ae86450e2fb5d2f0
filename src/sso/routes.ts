import type { Hono } from 'hono'
import type { Services } from '../context.ts'
import { newId } from '../db/ids.ts'
import { toApiError } from '../http/envelope.ts'
import { ApiError } from '../http/errors.ts'
import { answerCallback } from './callback.ts'
import { spMetadata } from './metadata.ts'
import { refusalResponse } from './refusal-page.ts'
import { startLogin } from './start.ts'

/** Mounts what the browser and the identity providers call: start, callback, SP metadata. */
export function mountSSO(app: Hono, services: Services): void {
  const refuse = (request: Request, cause: unknown) => {
    const error = toApiError(cause)
    const request_id = newId('request-id', request.url.includes('-live-') ? 'live' : 'test')
    if (error.status >= 500) services.log.error({ err: cause, request_id }, 'login failed')
    else services.log.info({ request_id, error_type: error.error_type }, 'login refused')
    return refusalResponse(services, request, { error, request_id })
  }
  app.get('/v1/public/sso/start', (c) =>
    isHead(c.req.raw)
      ? refuse(c.req.raw, new ApiError('method_not_allowed'))
      : startLogin(services, c.req.raw).catch((error) => refuse(c.req.raw, error)),
  )
  app.on(['GET', 'POST'], '/v1/b2b/sso/callback/:connection_id', (c) =>
    isHead(c.req.raw)
      ? refuse(c.req.raw, new ApiError('method_not_allowed'))
      : answerCallback(services, c.req.param('connection_id'), c.req.raw, (refusal) =>
          refusalResponse(services, c.req.raw, refusal),
        ).catch((error) => refuse(c.req.raw, error)),
  )
  app.get('/v1/public/sso/saml/metadata/:connection_id', (c) =>
    spMetadata(services, c.req.param('connection_id')).catch((error) => refuse(c.req.raw, error)),
  )
  for (const path of ['start', 'saml/metadata/:connection_id'])
    app.all(`/v1/public/sso/${path}`, (c) => refuse(c.req.raw, new ApiError('method_not_allowed')))
  app.all('/v1/b2b/sso/callback/:connection_id', (c) =>
    refuse(c.req.raw, new ApiError('method_not_allowed')),
  )
}

/** Hono answers HEAD as GET; a link scanner's would use up the code of somebody's login. */
function isHead(request: Request): boolean {
  return request.method === 'HEAD'
}
