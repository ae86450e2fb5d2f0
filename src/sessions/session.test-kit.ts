/** For tests: an application with a clock of its own, and members with sessions, written to the database. */

import assert from 'node:assert/strict'
import {
  type Answer,
  createServices,
  databaseURL,
  newProject,
  server,
  type TestProject,
} from '../../tests/harness.ts'
import { createApp } from '../app.ts'
import type { Services } from '../context.ts'
import { environmentOf, newId } from '../db/ids.ts'
import type { AuthenticationFactor } from '../db/schema.ts'
import { insertSession, newSession } from './session.ts'

/** The application of this run with a clock that moves alone, and a count of its statements. */
export async function ownServer() {
  const shared = (await server()).services
  let fixed: Date | null = null
  let count = 0
  const db = shared.db.withPlugin({
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      count += 1
      return result
    },
  })
  const services: Services = { ...shared, db, now: () => fixed ?? new Date() }
  return {
    app: createApp(services),
    services,
    setNow(now: Date | null) {
      fixed = now
    },
    /** How many statements ran since it was last asked. */
    statements() {
      const counted = count
      count = 0
      return counted
    },
  }
}

/** Another process on the same database: pool, caches and listener of its own. */
export async function otherProcess() {
  await server()
  const { services } = createServices({
    base_url: 'http://localhost:4000',
    port: 4000,
    database_url: await databaseURL(),
  })
  return { app: createApp(services), services }
}

/** Calls an application as a project. */
export async function callApp(
  app: ReturnType<typeof createApp>,
  project: Pick<TestProject, 'authorization'>,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await app.request(path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: project.authorization, ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: await response.json(), headers: response.headers }
}

/** An organization without members. */
export async function addOrganization(services: Services, project_id: string) {
  const organization_id = newId('organization', environmentOf(project_id))
  const suffix = organization_id.slice(-12)
  const row = {
    project_id,
    organization_id,
    organization_name: 'Acme',
    organization_slug: `acme-${suffix}`,
    organization_external_id: `ext-${suffix}`,
    sso_jit_provisioning: 'ALL_ALLOWED',
    email_jit_provisioning: 'NOT_ALLOWED',
    email_invites: 'ALL_ALLOWED',
    auth_methods: 'ALL_ALLOWED',
    mfa_policy: 'OPTIONAL',
    mfa_methods: 'ALL_ALLOWED',
    oauth_tenant_jit_provisioning: 'NOT_ALLOWED',
    first_party_connected_apps_allowed_type: 'ALL_ALLOWED',
    third_party_connected_apps_allowed_type: 'ALL_ALLOWED',
    created_at: services.now(),
    updated_at: services.now(),
  }
  await services.db.insertInto('organizations').values(row).execute()
  return row
}

/** An active member with these direct roles. */
export async function addMember(
  services: Services,
  organization: { project_id: string; organization_id: string },
  roles: string[] = [],
) {
  const { project_id, organization_id } = organization
  const member_id = newId('member', environmentOf(project_id))
  const external_id = `ext-${member_id.slice(-12)}`
  const email_address = `${member_id.slice(-12)}@acme.example`
  await services.db
    .insertInto('members')
    .values({
      project_id,
      organization_id,
      member_id,
      external_id,
      email_address,
      status: 'active',
      roles,
      created_at: services.now(),
      updated_at: services.now(),
    })
    .execute()
  return { project_id, organization_id, member_id, external_id, email_address }
}

/** A factor of a SAML login by a connection. */
export function samlFactor(provider_id: string): AuthenticationFactor {
  const at = '2026-01-02T03:04:05Z'
  return {
    type: 'sso',
    delivery_method: 'sso_saml',
    last_authenticated_at: at,
    created_at: at,
    updated_at: at,
    saml_sso_factor: { id: 'saml-member-registration-test-1', provider_id, external_id: 'alice' },
  }
}

/** A session of a member. */
export async function addSession(
  services: Services,
  member: { project_id: string; organization_id: string; member_id: string },
  options: {
    minutes?: number
    factors?: AuthenticationFactor[]
    custom_claims?: Record<string, unknown>
  } = {},
) {
  const { row, session_token } = newSession({
    project: { project_id: member.project_id, environment: environmentOf(member.project_id) },
    organization_id: member.organization_id,
    member_id: member.member_id,
    factors: options.factors ?? [samlFactor('saml-connection-test-1')],
    minutes: options.minutes,
    custom_claims: options.custom_claims,
    now: services.now(),
  })
  await insertSession(services.db, row)
  return { session_token, member_session_id: row.member_session_id }
}

/** A project with one organization, one member and that member's session. */
export async function newMemberSession(services: Services, roles: string[] = []) {
  const project = await newProject()
  const organization = await addOrganization(services, project.project_id)
  const member = await addMember(services, organization, roles)
  return { project, organization, member, ...(await addSession(services, member)) }
}

export const start = new Date('2026-03-01T12:00:00Z')

/** A moment of the test's clock, in seconds after its start. */
export function after(seconds: number): Date {
  return new Date(start.getTime() + seconds * 1000)
}

/** A member with a session, on a server whose clock stands at `start`, and the calls about sessions. */
export async function memberWithSession(roles: string[] = []) {
  const made = await ownServer()
  made.setNow(start)
  const of = await newMemberSession(made.services, roles)
  const { session_token } = of
  const at = '/v1/b2b/sessions'
  return {
    ...made,
    ...of,
    authenticate: (body: object = { session_token }) =>
      callApp(made.app, of.project, `${at}/authenticate`, body),
    revoke: (body: object, headers = {}) =>
      callApp(made.app, of.project, `${at}/revoke`, body, headers),
    sessions: (query: string) => callApp(made.app, of.project, `${at}?${query}`),
  }
}

/** Asserts that an answer is this error. */
export function assertRefused(
  answer: { status: number; body: { error_type?: string } },
  status: number,
  error_type: string,
) {
  assert.deepEqual([answer.status, answer.body.error_type], [status, error_type])
}

type App = ReturnType<typeof createApp>

/** The JWKS of a project, asked for as the SDKs do: without credentials. */
export async function jwksOf(app: App, project_id: string) {
  return (await callApp(app, { authorization: '' }, `/v1/b2b/sessions/jwks/${project_id}`)).body
}

/** The JWT that a session check answers with. */
export async function sessionJWT(app: App, project: TestProject, body: object): Promise<string> {
  const answer = await callApp(app, project, '/v1/b2b/sessions/authenticate', body)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body.session_jwt
}
