/**
 * No page of the dashboard shows or changes anything of a project but the one in its address. Generated from
 * the list of pages and the forms of `tests/dashboard-forms.ts`.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pages } from '../src/dashboard/pages.ts'
import type { DashboardPage } from '../src/dashboard/visit.ts'
import { type Estate, newEstate } from './dashboard-estate.ts'
import { type Fill, typed, type Writer } from './dashboard-filled.ts'
import { forms } from './dashboard-forms.ts'
import {
  addressOf,
  type Fields,
  makeAdmin,
  nameOf,
  post,
  type Seen,
  send,
  signIn,
} from './dashboard-visitor.ts'
import { everythingOf } from './every-row.ts'

const ofProject = pages.filter(({ scope }) => scope === 'project')

async function newWriter(): Promise<Writer> {
  const admin = await makeAdmin('owner')
  return { admin, token: await signIn(admin) }
}

/** How a page is asked for. */
interface Request {
  what: string
  path: string
  fields: Fields
}

interface Parties {
  owner: Estate
  stranger: Estate
  writer: Writer
}

/**
 * Ids that `page` takes from its address or form: each of the owner's alone, then all of them. `but` are
 * those that stay.
 */
async function foreign(
  page: DashboardPage,
  fill: Fill,
  { owner, stranger, writer }: Parties,
  but: readonly string[] = ['project_slug'],
): Promise<Request[]> {
  const [theirs, ours] = [await fill(owner, writer), await fill(stranger, writer)]
  // What a form asks to type is known to whoever knows the id.
  const { confirm_name, pending_id } = theirs.fields
  const known = { ...(confirm_name && { confirm_name }), ...(pending_id && { pending_id }) }
  const inAddress = { ...pick(stranger.ids, page.path), ...ours.ids }
  const stay = but.map((name) => inAddress[name])
  const taken = Object.keys(stranger.ids).filter((name) => {
    const values = [...Object.values(inAddress), ...Object.values(ours.fields).flat()]
    const id = stranger.ids[name]!
    return values.includes(id) && !stay.includes(id)
  })
  const requestWith = (names: string[], query = ours.query): Request => {
    const exchange = (value: string) => {
      const name = names.find((each) => stranger.ids[each] === value)
      return name ? owner.ids[name]! : value
    }
    const ids = { ...stranger.ids, ...ours.ids }
    const fields = Object.entries(ours.fields).map(([name, value]) => [
      name,
      typeof value === 'string' ? exchange(value) : value.map(exchange),
    ])
    const path = addressOf(page, mapValues(ids, exchange))
    return {
      what: `${nameOf(page)} with the ${names.join(', ')} of another`,
      path: query ? `${path}?${new URLSearchParams(query)}` : path,
      fields: { ...Object.fromEntries(fields), ...known },
    }
  }
  const requests = taken.map((name) => requestWith([name]))
  if (taken.length > 1) requests.push(requestWith(taken))
  if (JSON.stringify(theirs.query) !== JSON.stringify(ours.query))
    requests.push(requestWith([], theirs.query))
  return requests
}

function pick(ids: Record<string, string>, path: string): Record<string, string> {
  return Object.fromEntries(Object.entries(ids).filter(([name]) => path.includes(`:${name}`)))
}

function mapValues(ids: Record<string, string>, exchange: (value: string) => string) {
  return Object.fromEntries(Object.entries(ids).map(([name, value]) => [name, exchange(value)]))
}

function assertNothingOf({ tag, tenant }: Estate, { html, location }: Seen, what: string): void {
  const { project_id, public_token, secret } = tenant.project
  for (const word of [tag, project_id, public_token, secret])
    assert.ok(!(html + location).includes(word), `${what}: shows ${word}`)
}

/** Tries what is foreign on a page: nothing of it may be found, shown or changed. */
async function assertApart(page: DashboardPage, parties: Parties, but?: readonly string[]) {
  const { owner, writer } = parties
  const name = nameOf(page)
  const fills = page.method === 'GET' ? [typed()] : fillsOf(name)
  for (const fill of fills) {
    const requests = await foreign(page, fill, parties, but)
    const before = await everythingOf(owner.tenant.project)
    for (const { what, path, fields } of requests) {
      const { token } = writer
      const answer = await (page.method === 'GET' ? send(token, path) : post(token, path, fields))
      const told = `${what}: ${answer.status} ${answer.location}`
      assert.ok([400, 403, 404].includes(answer.status), told)
      if (!but) assertNothingOf(owner, answer, what)
    }
    assert.deepEqual(await everythingOf(owner.tenant.project), before, name)
  }
}

function fillsOf(name: string): Fill[] {
  return forms.filter(([of]) => of === name).map(([, fill]) => fill)
}

test('an id of another project is not found, whatever page, parameter or field it stands in', async (t) => {
  const parties = {
    owner: await newEstate(),
    stranger: await newEstate(),
    writer: await newWriter(),
  }
  for (const page of ofProject) await t.test(nameOf(page), () => assertApart(page, parties))
})

test('so is what belongs to another organization, connection, login, webhook or member', async (t) => {
  const owner = await newEstate()
  const stranger = await newEstate(owner.tenant.project)
  const writer = await newWriter()
  for (const page of ofProject) {
    const [, of] = /:project_slug.*?:(\w+)/.exec(page.path) ?? []
    if (!of || of === 'secret_id') continue
    const but = ['project_slug', of]
    await t.test(nameOf(page), () => assertApart(page, { owner, stranger, writer }, but))
  }
})

test('a list, searched for what another project has, shows nothing of it', async () => {
  const [owner, stranger, { token }] = [await newEstate(), await newEstate(), await newWriter()]
  const { ids, tenant } = owner
  const parameters =
    'q search organization organization_id connection connection_id flow_id object_id member target actor request_id email url cursor public_token'
  const values = [
    ...[ids.organization_id, ids.connection_id, ids.flow_id, ids.member_id, ids.event_id],
    ...[tenant.organization_slug.slice(0, 4), 'ada'],
  ]
  for (const page of ofProject.filter(({ method }) => method === 'GET'))
    for (const value of values) {
      const query = new URLSearchParams(
        Object.fromEntries(parameters.split(' ').map((name) => [name, value!])),
      )
      const each = page.path.includes('/:')
        ? [query]
        : [query, ...[...query].map((pair) => new URLSearchParams([pair]))]
      for (const given of each) {
        const path = `${addressOf(page, stranger.ids)}?${given}`
        const answer = await send(token, path)
        assert.ok(answer.status < 500, `${answer.status} ${path}`)
        assertNothingOf(owner, answer, path)
      }
    }
})

/** Needs a query; is of `npm start` alone. */
const elsewhere = /\/redirect-urls\/remove$|\/test-idp$/

test('pages of a project show what it has: the words looked for above are there to be found', async () => {
  const { ids, tag } = await newEstate()
  const { token } = await newWriter()
  const without: string[] = []
  for (const page of ofProject.filter(({ method }) => method === 'GET')) {
    const { status, html } = await send(token, addressOf(page, ids))
    if (elsewhere.test(page.path)) continue
    assert.equal(status, 200, `${nameOf(page)} ${status}`)
    // The menu names the project on every page.
    if (!html.slice(Math.max(0, html.indexOf('<main'))).includes(tag)) without.push(nameOf(page))
  }
  assert.deepEqual(
    without,
    ['organizations/new', 'connections/new', 'logins/:flow_id/replay', 'roles', 'redirect-urls']
      .concat(['api-keys', 'api-keys/secrets/:secret_id'])
      .map((path) => `GET /${path}`),
  )
})
