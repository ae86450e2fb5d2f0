/** The program of java-sdk/ beside a server of its own: runs the calls of a subject, and reads what they came to. */
import type { Member, MemberSession, OIDCConnection, Organization, SAMLConnection } from 'stytch'
import { run } from './command.ts'
import { prepared } from './downloads.ts'
import { builtJava } from './java.ts'
import { Calls, sdkEnvironment, serverFor } from './sdk-calls.ts'

const classPath = prepared(() => builtJava('java-sdk'))

/** The server of these tests. */
export const server = serverFor('java')

/** Answers by the names of the wire, as the SDK has decoded them: what is null is not there. */
export interface Answer {
  status_code: number
  request_id: string
  project_id: string
  organization_id: string
  organization: Organization
  organizations: Organization[]
  member_id: string
  member: Member
  members: Member[]
  member_authenticated: boolean
  reset_session: boolean
  session_token: string
  session_jwt: string
  member_session: MemberSession
  member_sessions: MemberSession[]
  connection_id: string
  connection: SAMLConnection & OIDCConnection
  saml_connections: SAMLConnection[]
  oidc_connections: OIDCConnection[]
  certificate_id: string
  keys: Record<string, unknown>[]
  policy: { roles: { role_id: string }[] }
  org_policy: { roles: unknown[] }
}

/** Runs the program; it must end well. */
export async function javaCalls(subject: string, ...args: string[]) {
  const facts = await server()
  const small = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx128m']
  const program = [...small, '-cp', await classPath(), 'Main', subject, ...args]
  const env = { ...process.env, ...sdkEnvironment(facts) }
  return new Calls<Answer>(await run('java', program, { env }), facts)
}
