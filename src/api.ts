/** The table of contents: every endpoint of the API, in the order of the SDK's namespaces. */
import type { Endpoint } from './http/endpoint.ts'
import { whoami } from './projects/whoami.ts'
import { authenticateSession } from './sessions/authenticate.ts'
import { getSessions } from './sessions/get.ts'
import { getJWKS } from './sessions/jwks.ts'
import { revokeSession } from './sessions/revoke.ts'

export const api: readonly Endpoint[] = [
  getSessions,
  authenticateSession,
  revokeSession,
  getJWKS,
  whoami,
]
