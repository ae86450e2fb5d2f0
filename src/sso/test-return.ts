import type { Services } from '../context.ts'
import { ApiError } from '../http/errors.ts'
import type { StartedFlow } from './flow.ts'

/**
 * A path of this server that a test login returns to, in the form that is stored. Throws `bad_request` for
 * everything that could lead a browser elsewhere.
 */
export function readReturnPath(services: Services, return_url: string): string {
  const { origin } = new URL(services.config.base_url)
  const plain = /^\/(?![/\\])[!-[\]-~]{0,1000}$/.test(return_url)
  const url = plain ? URL.parse(return_url, origin) : null
  if (!url || url.origin !== origin || url.pathname.startsWith('//') || url.hash !== '')
    throw new ApiError('bad_request', { message: 'return_url must be a path of this server.' })
  return url.pathname + url.search
}

/** Where the browser goes when a test login has ended, well or not: there, with `flow_id`. */
export function returnFromTest(
  services: Services,
  flow: Pick<StartedFlow, 'flow_id' | 'login_redirect_url'>,
): string {
  const path = readReturnPath(services, flow.login_redirect_url)
  const url = new URL(path, services.config.base_url)
  url.searchParams.set('flow_id', flow.flow_id)
  return url.pathname + url.search
}
