/** The table of contents: every endpoint of the API, in the order of the SDK's namespaces. */
import type { Endpoint } from './http/endpoint.ts'
import { whoami } from './projects/whoami.ts'

export const api: readonly Endpoint[] = [whoami]
