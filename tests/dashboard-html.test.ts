/**
 * What the dashboard sends to browsers: no script or style but its own files, nothing that may be stored or
 * framed, and what people, identity providers and browsers say as text. Generated from the list of pages.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { pages } from '../src/dashboard/pages.ts'
import type { DashboardPage } from '../src/dashboard/visit.ts'
import type { AdminRole } from '../src/db/schema-operations.ts'
import { type Estate, newEstate } from './dashboard-estate.ts'
import { forms } from './dashboard-forms.ts'
import { addressOf, makeAdmin, nameOf, newToken, post, send, signIn } from './dashboard-visitor.ts'
import { server } from './harness.ts'
import { assertGuarded, hostile } from './inert.ts'

const gets = pages.filter(({ method }) => method === 'GET')

/** The addresses of a page: of each kind of connection, whole and as a part. */
function variants(
  page: DashboardPage,
  { ids }: Estate,
): { path: string; headers: Record<string, string> }[] {
  const path = addressOf(page, ids)
  const oidc = addressOf(page, { ...ids, connection_id: ids.oidc! })
  const all = [...new Set([path, oidc])].map((each) => ({ path: each, headers: {} }))
  return [...all, { path, headers: { 'hx-request': 'true' } }]
}

async function assertEveryPage(estate: Estate, role: AdminRole): Promise<void> {
  const token = await newToken(role)
  const shown: string[] = []
  for (const page of gets)
    for (const { path, headers } of variants(page, estate)) {
      const answer = await send(token, path, { headers })
      assertGuarded(answer, `${role} ${nameOf(page)}`)
      if (answer.status === 200) shown.push(nameOf(page))
    }
  assert.ok(new Set(shown).size > gets.length / 2, 'most pages were shown')
}

for (const role of ['owner', 'editor', 'viewer'] as const)
  test(`every page that a ${role} opens is inert, and neither stored nor framed`, async () => {
    await assertEveryPage(await newEstate(), role)
  })

test('so is every answer to a form that is taken', async () => {
  const estate = await newEstate()
  const byName = new Map(pages.map((page) => [nameOf(page), page]))
  for (const [name, fill] of forms) {
    const admin = await makeAdmin('owner')
    const token = await signIn(admin)
    const { fields, ids, query } = await fill(estate, { admin, token })
    const path = addressOf(byName.get(name)!, { ...estate.ids, ...ids })
    const answer = await post(token, query ? `${path}?${new URLSearchParams(query)}` : path, fields)
    assertGuarded(answer, name)
    const flash = answer.headers.getSetCookie().find((cookie) => cookie.includes('notice='))
    if (flash) assert.match(flash, /HttpOnly/i)
  }
})

test('what is typed into a form or an address comes back as text', async () => {
  const estate = await newEstate()
  const token = await newToken('owner')
  const names = new Set<string>()
  for (const page of gets) {
    const path = addressOf(page, estate.ids)
    const { html } = await send(token, path)
    for (const [, name] of html.matchAll(/<(?:input|select|textarea)[^>]* name="(\w+)"/g))
      if (name !== 'csrf_token') names.add(name!)
  }
  assert.ok(names.size > 60, 'the names of fields were seen')
  const fields = Object.fromEntries([...names].map((name) => [name, hostile]))
  const wrong = { next: hostile, flow_id: hostile, cursor: hostile, ...fields }
  const headers = { referer: 'javascript:alert(1)' }
  for (const page of pages) {
    if (page.path.endsWith('/sign-out')) continue
    const path = addressOf(page, estate.ids)
    const answer =
      page.method === 'GET'
        ? await send(token, `${path}?${new URLSearchParams(wrong)}`, { headers })
        : await post(token, path, wrong, { origin: 'http://localhost:4000', ...headers })
    assertGuarded(answer, nameOf(page))
    const strange = Object.fromEntries(Object.keys(estate.ids).map((name) => [name, hostile]))
    const { project_slug } = estate.ids
    assertGuarded(
      await send(token, addressOf(page, { ...strange, project_slug: project_slug! })),
      path,
    )
  }
})

/** The routes of the dashboard that are no pages of its list: those before a session. */
async function outside(method: string): Promise<string[]> {
  const { routes } = (await server()).app
  const listed = new Set(pages.map((page) => `${page.method} ${page.path}`))
  return routes
    .filter(({ path }) => path.startsWith('/dashboard'))
    .filter((route) => route.method === method && !listed.has(`${method} ${route.path}`))
    .map(({ path }) => path.replace('*', 'nothing'))
}

test('pages before the sign-in are inert, too, and take forms of their own alone', async () => {
  const { tag } = await newEstate()
  const query = { next: hostile, token: hostile, code: hostile, state: hostile, error: hostile }
  const paths = await outside('GET')
  assert.ok(paths.includes('/dashboard/sign-in') && paths.includes('/dashboard/nothing'))
  for (const path of paths) {
    const answer = await send('', `${path}?${new URLSearchParams(query)}`)
    assertGuarded(answer, path)
    assert.ok(!answer.html.includes(tag), path)
  }
  const forms = await outside('POST')
  assert.ok(forms.includes('/dashboard/sign-in'))
  const typed = { email_address: hostile, password: hostile, totp: hostile, pending: hostile }
  for (const path of forms) {
    const fields = { ...query, ...typed, name: hostile }
    const own = await post('', path, fields)
    assert.ok(own.status >= 400, path)
    assertGuarded(own, path)
    for (const headers of [{}, { origin: 'https://evil.example' }] as Record<string, string>[]) {
      const answer = await post('', path, fields, headers)
      assert.equal(answer.status, 403, path)
      assert.deepEqual(answer.headers.getSetCookie(), [])
    }
  }
})

/** Texts that mean something to the server itself. */
const meaningful =
  /(_id|_slug|_hash|_token|_url|_binding|^state|^status|type|^kind|^step|^role|^purpose|^verdict|^color|^environment|certificate|^url|nameid_format|metadata_refresh|^activation|^who)$/

/** Fills every text that nobody but people read with `text`; returns which. */
async function fillWith(text: string, { tenant, ids }: Estate): Promise<string[]> {
  const { db } = (await server()).services
  const columns = await sql<{ table: string; column: string }>`
    select c.relname as table, a.attname as column
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace and a.attnum > 0
      and a.atttypid = 'text'::regtype`.execute(db)
  const filled: string[] = []
  for (const { table, column } of columns.rows) {
    const own = { admins: 'admin_id', admin_invitations: 'invitation_id' }[table]
    const key = own ?? 'project_id'
    const value = own ? ids[own]! : tenant.project.project_id
    if (meaningful.test(column)) continue
    const update = sql`update ${sql.table(table)} set ${sql.ref(column)} = ${text} where ${sql.ref(key)} = ${value}`
    const done = await update.execute(db).catch(() => undefined)
    if (done?.numAffectedRows) filled.push(`${table}.${column}`)
  }
  return filled
}

/** The same for what stands within JSON: what identity providers said, and what logs keep. */
async function fillJSONWith(text: string, { tenant }: Estate): Promise<string[]> {
  const { db } = (await server()).services
  const { project_id } = tenant.project
  const columns = await sql<{ table: string; column: string }>`
    select c.relname as table, a.attname as column
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace and a.attnum > 0
      and a.atttypid = 'jsonb'::regtype and a.attname not like 'metadata%' and exists (select from pg_attribute p
        where p.attrelid = c.oid and p.attname = 'project_id')`.execute(db)
  const filled: string[] = []
  for (const { table, column } of columns.rows) {
    const [of, value] = [sql.table(table), sql.ref(column)]
    const { rows } = await sql<{ at: string; value: unknown }>`
      select ctid::text as at, ${value} as value from ${of}
      where project_id = ${project_id} and ${value} is not null`.execute(db)
    for (const row of rows) {
      const json = JSON.stringify(row.value, (key, inner) =>
        typeof inner === 'string' && !meaningful.test(key) && key !== 'name' ? text : inner,
      )
      await sql`update ${of} set ${value} = ${json}::jsonb where ctid = ${row.at}::tid`.execute(db)
      if (json.includes('onerror')) filled.push(`${table}.${column}`)
    }
  }
  return filled
}

for (const [what, text] of [
  ['markup', hostile],
  ['10,000 characters', hostile + 'x'.repeat(10_000)],
] as const)
  test(`names and other texts that are ${what} are shown as text on every page`, async () => {
    const estate = await newEstate()
    const filled = await fillWith(text, estate)
    const needed =
      'organizations.organization_name members.name sso_connections.display_name projects.project_name webhook_endpoints.description mails.subject admins.name audit_entries.actor_name setup_links.note'
    for (const column of needed.split(' '))
      assert.ok(filled.includes(column), `${column} of ${filled}`)
    const json = await fillJSONWith(text, estate)
    for (const column of ['sso_flows.checks', 'events.data', 'audit_entries.before'])
      assert.ok(json.includes(column), `${column} of ${json}`)
    await assertEveryPage(estate, 'owner')
  })
