/**
 * Who may do what in the dashboard, and what every change of it leaves behind. Generated from the list of its
 * pages: a new one is in here as soon as `tests/dashboard-forms.ts` says how its form is filled in.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { password } from '../src/admins/admins.test-kit.ts'
import { pages } from '../src/dashboard/pages.ts'
import { problemOf } from '../src/dashboard/sign-in.test-kit.ts'
import type { DashboardPage } from '../src/dashboard/visit.ts'
import { csrfTokenOf } from '../src/http/form.ts'
import { type Estate, newEstate } from './dashboard-estate.ts'
import type { Filled } from './dashboard-filled.ts'
import { forms } from './dashboard-forms.ts'
import {
  addressOf,
  age,
  type Fields,
  makeAdmin,
  nameOf,
  newToken,
  post,
  type Seen,
  send,
  signIn,
} from './dashboard-visitor.ts'
import { everythingOf } from './every-row.ts'
import { server } from './harness.ts'
import { base_url } from './login.ts'

const posts = pages.filter(({ method }) => method === 'POST')
const byName = new Map(posts.map((page) => [nameOf(page), page]))

/** The rows of the project and those that belong to none. */
async function everything({ tenant }: Estate) {
  const { db } = (await server()).services
  const ofServer = await sql<{ row: string }>`
    select (to_jsonb(t) - 'failed_attempts' - 'locked_until')::text as row from admins t
    union all select (to_jsonb(t) - 'last_seen_at')::text from admin_sessions t
    union all select to_jsonb(t)::text from admin_invitations t
    union all select to_jsonb(t)::text from projects t
    union all select to_jsonb(t)::text from audit_entries t where project_id is null
    union all select to_jsonb(t)::text from mails t
    order by 1`.execute(db)
  return [...(await everythingOf(tenant.project)), ...ofServer.rows]
}

test('every form of the list is filled in by these tests, and none that is not there', () => {
  assert.deepEqual([...new Set(forms.map(([name]) => name))].sort(), [...byName.keys()].sort())
})

test('without a session that holds every page leads to the sign-in', async (t) => {
  const { ids } = await newEstate()
  const { services } = await server()
  const ago = (ms: number) => new Date(services.now().getTime() - ms)
  const [expired, idle, of] = [await newToken('owner'), await newToken('owner'), 'owner'] as const
  await age(expired, { expires_at: ago(1) })
  await age(idle, { last_seen_at: ago(2 * 3_600_000) })
  const admin = await makeAdmin(of)
  const disabled = await signIn(admin)
  assert.equal((await send(disabled, '/dashboard/projects')).status, 200)
  const change = services.db.updateTable('admins').set({ status: 'disabled' })
  await change.where('admin_id', '=', admin.admin_id).execute()
  const tokens = { nobody: '', 'made up': 'x'.repeat(43), expired, idle, disabled }
  for (const [who, token] of Object.entries(tokens))
    await t.test(who, async () => {
      for (const page of pages) {
        const path = addressOf(page, ids)
        const answer = await (page.method === 'GET' ? send(token, path) : post(token, path, {}))
        if (path === '/dashboard') {
          assert.equal(answer.status, 401)
          assert.match(answer.html, /<h1[^>]*>Sign in<.*name="password"/s)
          continue
        }
        if (page.path === '/dashboard') {
          assert.equal(answer.status, 401)
          assert.match(answer.html, /<h1[^>]*>Sign in</)
          continue
        }
        const query = page.method === 'GET' ? { next: path } : { next: '/dashboard', form: 'lost' }
        assert.equal(answer.status, 303, `${nameOf(page)} ${answer.html}`)
        assert.equal(answer.location, `/dashboard/sign-in?${new URLSearchParams(query)}`)
        assert.equal(answer.html, '')
      }
    })
})

test('the absolute end of a session is 12 hours after its beginning, however much it is used', async () => {
  const token = await newToken('viewer')
  const { setNow } = await server()
  const began = Date.now()
  try {
    for (let hours = 1; hours < 12; hours++) {
      setNow(new Date(began + hours * 3_600_000))
      assert.equal((await send(token, '/dashboard/account')).status, 200)
    }
    setNow(new Date(began + 12 * 3_600_000 + 1_000))
    assert.equal((await send(token, '/dashboard/account')).status, 303)
  } finally {
    setNow(null)
  }
})

interface Attempt {
  page: DashboardPage
  path: string
  filled: Filled
}

function attemptOf(page: DashboardPage, ids: Record<string, string>, filled: Filled): Attempt {
  const query = filled.query ? `?${new URLSearchParams(filled.query)}` : ''
  return { page, filled, path: addressOf(page, { ...ids, ...filled.ids }) + query }
}

interface Wrong {
  what: string
  token: string
  fields?: Fields
  headers?: Record<string, string>
  leads?: string
}

/** Everything that makes a form another's, or one that asks too much. */
async function wrongs(page: DashboardPage, token: string): Promise<Wrong[]> {
  const stranger = csrfTokenOf(await newToken('owner'))
  const tokens = [[], '', 'x', stranger, token]
  const origins = ['https://evil.example', 'null', `${base_url}.evil.example`]
  const less = { viewer: [], editor: ['viewer'], owner: ['viewer', 'editor'] } as const
  const stale = await newToken('owner')
  await age(stale, { verified_at: new Date(Date.now() - 3_600_001) })
  return [
    { what: 'no Origin', token, headers: {} },
    ...origins.map((origin) => ({ what: `from ${origin}`, token, headers: { origin } })),
    ...tokens.map((csrf_token) => ({ what: 'a wrong token', token, fields: { csrf_token } })),
    ...(await Promise.all(
      less[page.needs].map(async (role) => ({ what: role, token: await newToken(role) })),
    )),
    ...(page.fresh ? [{ what: 'stale', token: stale, leads: '/dashboard/confirm' }] : []),
  ]
}

async function assertRefused({ page, path, filled }: Attempt, wrong: Wrong) {
  const fields = { ...filled.fields, ...wrong.fields }
  const answer = await post(wrong.token, path, fields, wrong.headers)
  const leads = answer.location.split('?')[0]
  const expected = wrong.leads ? [303, wrong.leads] : [403, '']
  assert.deepEqual([answer.status, leads], expected, `${nameOf(page)}: ${wrong.what}`)
}

const ofOrganization = /:(?:organization|connection|member|flow)_id|\/connections\/new$/

/** Entries of a change within an organization are in its Activity; no other change is any organization's. */
async function assertInActivity(
  { ids }: Estate,
  page: DashboardPage,
  entries: { audit_id: string; organization_id: string | null }[],
  location: string,
) {
  const made = /\/organizations\/([^/]+)\/sso$/.exec(location)?.[1]
  const within = ofOrganization.test(page.path) ? ids.organization_id : made
  for (const { organization_id } of entries) assert.equal(organization_id, within ?? null)
  if (!within) return
  const path = `/dashboard/projects/${ids.project_slug}/organizations/${within}/activity`
  const activity = await send(await newToken('viewer'), path)
  const log = await send(await newToken('viewer'), `/dashboard/audit?organization=${within}`)
  // What was done to an organization that is gone stands in the audit log alone.
  const gone = page.path.endsWith('/:organization_id/delete')
  assert.equal(activity.status, gone ? 404 : 200)
  for (const { audit_id } of entries)
    for (const { html } of gone ? [log] : [log, activity])
      assert.ok(html.includes(`id="${audit_id}"`), `${nameOf(page)} is not in the Activity`)
}

/** What of an answer must not get into the audit. */
function secretsIn({ html, headers }: Seen): string[] {
  const shown = html.matchAll(
    /whsec_[\w+/=-]+|secret-(?:test|live)-[\w-]+|(?<=\/(?:setup|trace)\/)[\w-]{43}|(?<=invitation\?token=)[\w-]+/g,
  )
  const cookies = headers
    .getSetCookie()
    .map((cookie) => /dashboard=([^;]*)/.exec(cookie)?.[1] ?? '')
  return [...[...shown].map(([text]) => text), ...cookies].filter((text) => text !== '')
}

const secretFields = ['password', 'current_password', 'new_password', 'client_secret', 'sealed']

async function auditEntries() {
  const { db } = (await server()).services
  return db.selectFrom('audit_entries').selectAll().orderBy('audit_id').execute()
}

test('a form of another site, session or role changes nothing; the right one is taken, and audited without secrets', async (t) => {
  const estate = await newEstate()
  const secrets = new Set([password])
  const known = new Set((await auditEntries()).map(({ audit_id }) => audit_id))
  for (const [name, fill] of forms)
    await t.test(name, async () => {
      const page = byName.get(name)!
      const admin = await makeAdmin('owner')
      const token = await signIn(admin)
      const attempt = attemptOf(page, estate.ids, await fill(estate, { admin, token }))
      const { fields } = attempt.filled
      const refused = await wrongs(page, token)
      const before = await everything(estate)
      for (const wrong of refused) await assertRefused(attempt, wrong)
      assert.deepEqual(await everything(estate), before, 'what was refused changed something')
      const answer = await post(token, attempt.path, fields)
      assert.ok(
        [200, 302, 303].includes(answer.status),
        `${answer.status} ${problemOf(answer.html)}`,
      )
      const entries = (await auditEntries()).filter(({ audit_id }) => !known.has(audit_id))
      for (const { audit_id } of entries) known.add(audit_id)
      const own = entries.filter(({ actor_id }) => actor_id === admin.admin_id)
      assert.ok(own.length > 0, 'no entry in the audit')
      await assertInActivity(estate, page, own, answer.location)
      for (const secret of [token, csrfTokenOf(token), ...secretsIn(answer)]) secrets.add(secret)
      for (const field of secretFields) if (fields[field]) secrets.add(String(fields[field]))
    })
  const audit = JSON.stringify(await auditEntries())
  assert.ok(secrets.size > forms.length * 2 + 8, 'secrets were seen')
  for (const secret of secrets)
    assert.ok(!audit.includes(secret), `the audit holds ${secret.slice(0, 12)}…`)
  assert.doesNotMatch(audit, /PRIVATE KEY|\$scrypt\$/)
})

test('the project in which administrators sign in is changed by owners alone', async () => {
  const estate = await newEstate()
  const { services } = await server()
  const { project_id } = estate.tenant.project
  const set = (is_system: boolean) => services.db.updateTable('projects').set({ is_system })
  await services.db.deleteFrom('projects').where('is_system', '=', true).execute()
  await set(true).where('project_id', '=', project_id).execute()
  services.caches.drop('project', project_id)
  try {
    const admin = await makeAdmin('owner')
    const [token, editor] = [await signIn(admin), await newToken('editor')]
    for (const [name, fill] of forms.filter(([name]) => byName.get(name)!.scope === 'project')) {
      const page = byName.get(name)!
      const attempt = attemptOf(page, estate.ids, await fill(estate, { admin, token }))
      const before = await everything(estate)
      await assertRefused(attempt, { what: 'an editor', token: editor })
      assert.deepEqual(await everything(estate), before, `${name} changed something`)
    }
    const home = await send(editor, `/dashboard/projects/${estate.ids.project_slug}`)
    assert.equal(home.status, 200)
  } finally {
    await set(false).where('project_id', '=', project_id).execute()
  }
})
