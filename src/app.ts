/** The composition root: which part answers which address. */
import { Hono } from 'hono'
import { routePath } from 'hono/route'
import { getPath } from 'hono/utils/url'
import { api } from './api.ts'
import type { Services } from './context.ts'
import { mountDashboard } from './dashboard/routes.ts'
import { mountSharedTrace } from './dashboard/shared-trace.ts'
import { newId } from './db/ids.ts'
import { mountAssets } from './http/assets.ts'
import { type Gatekeepers, mountEndpoints, sendError } from './http/endpoint.ts'
import { errorTypePage } from './http/error-pages.ts'
import { ApiError } from './http/errors.ts'
import { mountHealth } from './http/health.ts'
import { mountOpenAPI } from './http/openapi.ts'
import { logRequest } from './http/request-log.ts'
import { mountLogin } from './login/routes.ts'
import { createMetrics } from './metrics.ts'
import { authenticate } from './projects/authenticate.ts'
import { findProject } from './projects/projects.ts'
import { authorize } from './sessions/authorize.ts'
import { mountSetup } from './setup/portal.ts'
import { countCertificates } from './sso/certificates-due-metrics.ts'
import { mountSSO } from './sso/routes.ts'

const gatekeepers: Gatekeepers = {
  authenticate,
  findProject,
  authorize,
}

/** The whole server as one Hono application; `main.ts` and the tests give it to a listener. */
export function createApp(services: Services): Hono {
  // The Java and Go SDKs write //v1 when their base URL ends in a slash.
  const app = new Hono({ getPath: (request) => getPath(request).replace(/^\/{2,}/, '/') })
  const metrics = createMetrics()
  metrics.certificates(() => countCertificates(services.db, services.now()))
  app.use(async (c, next) => {
    const began = performance.now()
    await next()
    const seconds = (performance.now() - began) / 1000
    // Of the handler that ran: the last that matches may be another one's.
    const route = routePath(c)
    metrics.request(c.req.method, route, c.res.status, seconds)
    logRequest(services, c.req.raw, { route, status: c.res.status, seconds })
  })
  mountEndpoints(app, api, services, gatekeepers)
  mountSSO(app, services)
  mountLogin(app, services)
  mountDashboard(app, services)
  mountSetup(app, services)
  mountSharedTrace(app, services)
  mountAssets(app)
  mountHealth(app, services, metrics)
  mountOpenAPI(app)
  // Who types the address alone into a browser looks for the pages.
  app.get('/', (c, next) =>
    c.req.header('accept')?.includes('text/html')
      ? Promise.resolve(c.redirect('/dashboard'))
      : next(),
  )
  app.get('/errors/:error_type', (c) => errorTypePage(c.req.param('error_type')))
  app.notFound((c) =>
    sendError(c, services, newId('request-id', 'test'), new ApiError('route_not_found')),
  )
  app.onError((error, c) => sendError(c, services, newId('request-id', 'test'), error))
  return app
}
