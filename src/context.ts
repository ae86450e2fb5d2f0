/** What handlers receive. Holds no subject's types: every subject imports it. */
import type { Config } from './config.ts'
import type { Caches } from './db/cache.ts'
import type { Database } from './db/connect.ts'
import type { Environment } from './db/ids.ts'
import type { Cipher } from './db/secrets.ts'
import type { Limits } from './http/limits.ts'
import type { Logger } from './log.ts'

/** What the process has once: database, settings, caches, limits, clock. */
export interface Services {
  db: Database
  config: Config
  cipher: Cipher
  caches: Caches
  limits: Limits
  log: Logger
  /** Outbound requests to identity providers: guarded against private addresses. */
  fetch: typeof fetch
  /** The clock; tests move it. */
  now(): Date
}

/** The project that a request belongs to. */
export interface RequestProject {
  project_id: string
  environment: Environment
}

/** The member session that came in a header, once it was found valid and permitted. */
export interface RequestMemberSession {
  member_session_id: string
  member_id: string
  organization_id: string
  /** The ids of the roles in force in it. */
  roles: readonly string[]
}

/** What one request has: everything of the process, its project, its id. */
export interface Context extends Services {
  project: RequestProject
  request_id: string
  /** Where a call comes from, as its events name it; `direct`, which is the API, where it is not given. */
  source?: 'direct' | 'dashboard'
  /** Null when the call has the authority of the whole project. */
  member_session: RequestMemberSession | null
}
