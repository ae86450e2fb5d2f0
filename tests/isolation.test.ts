/**
 * No endpoint gives anything of another project or organization away, or changes it. Generated from the
 * list of endpoints: a new one is in here as soon as `tests/contract/calls.ts` says how it is called.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSecret, revokeSecret } from '../src/projects/secrets.ts'
import { type Call, calls, everyCall, methodIds, send } from './contract/calls.ts'
import { contractOf } from './contract/contract.ts'
import { must, newSSOToken, newTenant, type Tenant } from './contract/tenant.ts'
import { endpointOf, type MethodId } from './contract/types.ts'
import { everythingOf } from './every-row.ts'
import { type Answer, call, newProject, server, type TestProject } from './harness.ts'

/** Those that name nothing, or only what is public. */
const withoutReferences = new Set<MethodId>([
  'debug.whoami',
  'organizations.create',
  'organizations.search',
  'rbac.policy',
  'sessions.getJWKS',
])

/** Makes a call that must be refused and must change nothing of the project. */
async function assertRefused(
  owner: Tenant,
  what: string,
  attempt: () => Promise<Answer>,
  statuses: readonly number[] = [400, 403, 404],
): Promise<Answer> {
  const before = await everythingOf(owner.project)
  const answer = await attempt()
  const { status, body } = answer
  assert.ok(statuses.includes(status), `${what}: ${status} ${JSON.stringify(body)}`)
  assert.equal(body.status_code, status, what)
  assert.deepEqual(await everythingOf(owner.project), before, `${what} changed something`)
  return answer
}

/** Whatever of a tenant must not be seen by others. */
function secretsOf(tenant: Tenant): string[] {
  const { project, organization_slug, member_external_id, organization_external_id, ...ids } =
    tenant
  return [project.project_id, ...Object.values(ids)]
}

function assertNothingOf(tenant: Tenant, answer: Answer, what: string): void {
  const text = JSON.stringify(answer.body)
  for (const secret of secretsOf(tenant))
    assert.ok(!text.includes(secret), `${what} gives ${secret} away`)
}

test('every id, token and JWT that an endpoint takes is among the calls tried here', async () => {
  const tenant = await newTenant()
  // Names that a request gives to something, what is about no tenant, and what has a test of its own.
  const others =
    /external_id$|^client_id$|^idp_entity_id$|^telemetry_id$|^intermediate_session_token$|_connected_apps$|^sso.authenticate session_/
  for (const id of methodIds) {
    const made = await everyCall(id, tenant)
    const given = new Set(made.flatMap((call) => Object.keys({ ...call.query, ...call.body })))
    const { query_params, body } = contractOf(endpointOf[id])
    for (const { name } of [...query_params, ...body])
      if (isReference(name) && !others.test(name) && !others.test(`${id} ${name}`))
        assert.ok(given.has(name), `${id} ${name}`)
  }
})

test('with the ids of another project every call is refused, and nothing of it is seen or changed', async (t) => {
  const [owner, stranger] = [await newTenant(), await newTenant()]
  for (const id of methodIds)
    await t.test(id, async () => {
      for (const made of await everyCall(id, owner)) {
        const attempt = () => send(stranger.project, id, made)
        if (!withoutReferences.has(id)) {
          const answer = await assertRefused(owner, id, attempt)
          assert.match(answer.body.error_type, /not_found|unable_to|jwt_invalid/)
          continue
        }
        const before = await everythingOf(owner.project)
        const answer = await attempt()
        if (id !== 'sessions.getJWKS') assertNothingOf(owner, answer, id)
        assert.deepEqual(await everythingOf(owner.project), before)
      }
    })
})

test("a stranger's login neither uses up a token nor extends a session of another project", async () => {
  const [owner, stranger] = [await newTenant(), await newTenant()]
  const sso_token = await newSSOToken(owner)
  const attempt = () => send(stranger.project, 'sso.authenticate', { body: { sso_token } })
  await assertRefused(owner, 'the token', attempt)
  const theirs = await newSSOToken(stranger)
  const { session_token, session_jwt } = owner
  for (const by of [{ session_token }, { session_jwt }]) {
    const body = { sso_token: theirs, ...by }
    await assertRefused(owner, 'the session', () =>
      send(stranger.project, 'sso.authenticate', { body }),
    )
  }
  const mine = await send(owner.project, 'sso.authenticate', { body: { sso_token } })
  assert.equal(mine.status, 200, mine.body.error_message)
})

test("a login is not started at another project's connection or organization", async () => {
  const [owner, stranger] = [await newTenant(), await newTenant()]
  const { public_token } = stranger.project
  for (const about of [
    { connection_id: owner.saml },
    { connection_id: owner.oidc },
    { organization_id: owner.organization_id },
  ] as Record<string, string>[]) {
    const path = `/v1/public/sso/start?${new URLSearchParams({ public_token, ...about })}`
    const headers = { accept: 'application/json', authorization: '' }
    const before = await everythingOf(stranger.project)
    await assertRefused(owner, path, () => call(owner.project, 'GET', path, undefined, headers))
    assert.deepEqual(await everythingOf(stranger.project), before)
  }
})

/** Two organizations of one project. */
async function newNeighbours(): Promise<[Tenant, Tenant]> {
  const claimed_email_domains: string[] = []
  const owner = await newTenant({ claimed_email_domains })
  const names = { organization_slug: 'other', organization_external_id: 'crm|43' }
  return [owner, await newTenant({ ...names, claimed_email_domains }, owner.project)]
}

const organizationReferences = [
  'organization_id',
  'organization_slug',
  'organization_external_id',
] as const

/** A call with one of its ids replaced. */
function replaced(
  made: Call,
  place: 'params' | 'query' | 'body',
  name: string,
  value: unknown,
): Call {
  return { ...made, [place]: { ...made[place], [name]: value } }
}

function isReference(name: string): boolean {
  return /_ids?$|_connections$|_token$|_jwt$/.test(name)
}

test('two organizations of a project: an id of one is nothing under the other', async (t) => {
  const [owner, other] = await newNeighbours()
  let tried = 0
  for (const id of methodIds)
    await t.test(id, async () => {
      for (const made of await everyCall(id, owner)) {
        const given = Object.keys({ ...made.params, ...made.query, ...made.body })
        const place = made.params?.organization_id ? 'params' : 'query'
        if (!made[place]?.organization_id || given.filter(isReference).length < 2) continue
        for (const reference of organizationReferences) {
          const crossed = replaced(made, place, 'organization_id', other[reference])
          await assertRefused(owner, id, () => send(owner.project, id, crossed))
          tried++
        }
      }
    })
  assert.ok(tried >= 30, `${tried} calls were tried`)
  const check = { organization_id: other.organization_id, resource_id: '*', action: '*' }
  await assertRefused(owner, 'authorization_check', () =>
    send(owner.project, 'sessions.authenticate', {
      body: { session_token: owner.session_token, authorization_check: check },
    }),
  )
})

test("an admin's session permits nothing in another organization or project", async (t) => {
  const [owner, other] = await newNeighbours()
  const stranger = await newTenant()
  for (const id of methodIds.filter((each) => endpointOf[each].permission))
    await t.test(id, async () => {
      for (const made of await everyCall(id, owner))
        for (const admin of [other, stranger])
          for (const headers of [
            { 'X-Stytch-Member-Session': admin.session_token },
            { 'X-Stytch-Member-SessionJWT': admin.session_jwt },
          ] as Record<string, string>[]) {
            const attempt = () => send(owner.project, id, made, headers)
            const { body } = await assertRefused(owner, id, attempt, [403])
            assert.match(body.error_type, /^session_authorization_(tenancy_)?error$/)
          }
    })
})

test('the same slug and external ids in two projects: each sees its own', async () => {
  const tenants = [await newTenant(), await newTenant()] as const
  assert.equal(tenants[0].organization_slug, tenants[1].organization_slug)
  for (const [mine, theirs] of [tenants, [...tenants].reverse() as unknown as typeof tenants]) {
    const { project, organization_slug, organization_external_id, member_external_id } = mine
    for (const organization_id of [organization_slug, organization_external_id]) {
      const member_id = member_external_id
      const answers = [
        await send(project, 'organizations.get', { params: { organization_id } }),
        await send(project, 'organizations.members.get', {
          params: { organization_id },
          query: { member_id },
        }),
        await send(project, 'sessions.get', { query: { organization_id, member_id } }),
        await send(project, 'sso.getConnections', { params: { organization_id } }),
      ]
      for (const answer of answers) {
        assert.equal(answer.status, 200)
        assert.ok(JSON.stringify(answer.body).includes(mine.organization_id))
        assertNothingOf(theirs, answer, organization_id)
      }
    }
    const everything = await send(project, 'organizations.search', { body: {} })
    assert.equal(everything.body.results_metadata.total, 1)
    assertNothingOf(theirs, everything, 'organizations.search')
    const members = await send(project, 'organizations.members.search', {
      body: { organization_ids: [organization_slug] },
    })
    assert.equal(members.body.members[0].member_id, mine.member_id)
    assertNothingOf(theirs, members, 'organizations.members.search')
  }
})

test('without credentials, or with wrong, revoked, expired or foreign ones, every call is a 401', async (t) => {
  const [owner, stranger] = [await newTenant(), await newProject()]
  const { project_id, secret } = owner.project
  const { db } = (await server()).services
  const expired = await createSecret(db, { project_id, expires_at: new Date(Date.now() - 1_000) })
  const revoked = await createSecret(db, { project_id })
  await call(
    { ...owner.project, authorization: basic(project_id, revoked.secret) },
    'GET',
    '/v1/debug/whoami',
  )
  await revokeSecret(db, { project_id, secret_id: revoked.secret_id })
  const cases: Record<string, string> = {
    none: '',
    'a wrong secret': basic(
      project_id,
      `${secret.slice(0, -1)}${secret.endsWith('A') ? 'B' : 'A'}`,
    ),
    'a revoked secret': basic(project_id, revoked.secret),
    'an expired secret': basic(project_id, expired.secret),
    "another project's secret": basic(project_id, stranger.secret),
    "another project's id": basic(stranger.project_id, secret),
    'no secret': basic(project_id, ''),
    'no project': basic('', secret),
    'an unknown project': basic('project-test-0', secret),
    'a public token': basic(project_id, owner.project.public_token),
    'a digest in place of the secret': basic(project_id, '\\x00'),
    'another scheme': `Bearer ${secret}`,
    'no base64': `Basic ${project_id}:${secret}`,
  }
  await waitUntilRefused({ ...owner.project, authorization: cases['a revoked secret']! })
  for (const id of methodIds.filter((each) => endpointOf[each].auth === 'project'))
    await t.test(id, async () => {
      const made = await calls[id](owner)
      const before = await everythingOf(owner.project)
      for (const [what, authorization] of Object.entries(cases)) {
        const { status, body } = await send({ ...owner.project, authorization }, id, made)
        assert.deepEqual([status, body.error_type], [401, 'unauthorized_credentials'], what)
      }
      assert.deepEqual(await everythingOf(owner.project), before)
    })
  await must(owner.project, 'GET', '/v1/debug/whoami')
})

function basic(project_id: string, secret: string): string {
  return `Basic ${Buffer.from(`${project_id}:${secret}`).toString('base64')}`
}

/** A revocation is known everywhere within a second. */
async function waitUntilRefused(project: TestProject): Promise<void> {
  const deadline = Date.now() + 1_000
  while ((await call(project, 'GET', '/v1/debug/whoami')).status !== 401) {
    assert.ok(Date.now() < deadline, 'a revoked secret is refused within a second')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
