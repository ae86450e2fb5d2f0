/** How far a project is on the way to its first login. */
import { type Database, statement } from '../db/connect.ts'

/** What has been done; each step stands on those before it. */
export interface FirstLogin {
  redirect_url: boolean
  organization: boolean
  active_connection: boolean
  /** A browser was sent to an identity provider. */
  started: boolean
  /** It came back, and was believed. */
  verified: boolean
  /** An application redeemed a token: somebody is a member by a login. */
  redeemed: boolean
}

/** Logins are deleted after some weeks, registrations are not: who has one has logged in. */
const firstLoginSQL = `with early as (
    select state, verified_at from sso_flows where project_id = $1 order by flow_id limit 200),
  registered as (select exists (select 1 from sso_registrations where project_id = $1) as found)
  select exists (select 1 from redirect_urls where project_id = $1 and type = 'LOGIN') as redirect_url,
    exists (select 1 from organizations where project_id = $1) as organization,
    exists (select 1 from sso_connections where project_id = $1 and status = 'active') as active_connection,
    found or exists (select 1 from early) as started,
    found or exists (select 1 from early where verified_at is not null) as verified,
    found as redeemed from registered`

/** Reads it by one statement, whose cost does not grow with logins. */
export async function firstLogin(db: Database, project_id: string): Promise<FirstLogin> {
  const [row] = await statement<FirstLogin>(db, firstLoginSQL, [project_id])
  return row!
}
