import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hono } from 'hono'
import { call, inProcess, server } from '../../tests/harness.ts'
import { Browser, base_url, newSetup, type Setup } from '../../tests/login.ts'
import { changeProjectSettings } from '../projects/project-settings.ts'
import { findProject } from '../projects/projects.ts'

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

let fetched = 0
const pictures = new Hono()
pictures.get('/logo.png', (c) => {
  fetched += 1
  return c.body(png, 200, { 'content-type': 'image/png' })
})
pictures.get('/logo.svg', (c) =>
  c.body('<svg xmlns="http://www.w3.org/2000/svg"/>', 200, { 'content-type': 'image/svg+xml' }),
)
pictures.get('/lies.png', (c) => c.body('<script>', 200, { 'content-type': 'image/png' }))
inProcess.set('https://pictures.test', pictures)

const plain = {
  project_name: 'A test',
  project_logo_url: '',
  project_color: '',
  login_straight: false,
  login_by_email: false,
}

async function newProjectPage(settings: Partial<typeof plain>, organization = {}) {
  const setup = await newSetup(organization)
  const { services } = await server()
  const { project_id } = setup.project
  await changeProjectSettings(services, project_id, { ...plain, ...settings })
  const { project_slug } = await findProject(services, project_id)
  return { setup, project_slug, url: `${base_url}/login/${project_slug}` }
}

const get = (url: string) => new Browser().request(url)

/** Leaves the organization with the SAML connection alone. */
async function leaveOne({ project, organization_id, oidc }: Setup): Promise<void> {
  await call(project, 'DELETE', `/v1/b2b/sso/${organization_id}/connections/${oidc}`)
}

test('logos are served by this server, as pictures and nothing else', async () => {
  const logo = 'https://pictures.test/logo.png'
  const { url, project_slug } = await newProjectPage(
    { project_logo_url: logo, project_name: 'Rocket' },
    { organization_logo_url: logo },
  )
  const page = await (await get(`${url}/acme`)).text()
  assert.ok(page.includes(`src="/logos/${project_slug}/acme"`))
  assert.ok(page.includes(`src="/logos/${project_slug}"`))
  assert.ok(!page.includes('pictures.test'), 'the page asks nothing of another host')
  for (const path of [`/logos/${project_slug}`, `/logos/${project_slug}/acme`]) {
    const picture = await get(base_url + path)
    assert.equal(picture.headers.get('content-type'), 'image/png')
    assert.equal(picture.headers.get('x-content-type-options'), 'nosniff')
    assert.deepEqual(Buffer.from(await picture.arrayBuffer()), png)
  }
  assert.equal(fetched, 1, 'fetched once, then kept')
})

for (const name of ['logo.svg', 'lies.png', 'missing.png'])
  test(`${name} is no logo: the page shows initials, and nothing is served`, async () => {
    const organization_logo_url = `https://pictures.test/${name}`
    const { url, project_slug } = await newProjectPage({}, { organization_logo_url })
    assert.match(await (await get(`${url}/acme`)).text(), /class="initials"/)
    assert.equal((await get(`${base_url}/logos/${project_slug}/acme`)).status, 404)
  })

test('a project’s colour is that of its buttons, with ink that can be read', async () => {
  const light = await newProjectPage({ project_color: '#ffd400' })
  assert.match(await (await get(`${light.url}/acme`)).text(), /background: #ffd400; color: #000/)
  const dark = await newProjectPage({ project_color: '#1f3a93' })
  assert.match(await (await get(dark.url)).text(), /background: #1f3a93; color: #fff/)
})

test('what is no colour and no address of a picture is refused', async () => {
  const { setup } = await newProjectPage({})
  const { services } = await server()
  const { project_id } = setup.project
  for (const wrong of [
    { project_color: 'red' },
    { project_color: '#fff;} body{display:none' },
    { project_logo_url: 'javascript:alert(1)' },
    { project_logo_url: 'ftp://pictures.test/logo.png' },
    { project_name: '' },
    { project_name: 'x'.repeat(129) },
  ])
    await assert.rejects(changeProjectSettings(services, project_id, { ...plain, ...wrong }), {
      error_type: 'bad_request',
    })
})

test('straight on where the project wants so and there is one connection', async () => {
  const { setup, url } = await newProjectPage({ login_straight: true })
  assert.equal((await get(`${url}/acme`)).status, 200, 'there are two')
  await leaveOne(setup)
  const answer = await get(`${url}/acme`)
  assert.equal(answer.status, 302)
  assert.match(answer.headers.get('location') ?? '', /\/v1\/public\/sso\/start\?/)
})

test('by e-mail, where the project allows it: the domain finds the organization', async () => {
  const { setup, url } = await newProjectPage(
    { login_by_email: true },
    { email_allowed_domains: ['acme.test', 'm\u00fcnchen.test'] },
  )
  const found = await get(`${url}?organization=${encodeURIComponent('Ada@ACME.test')}`)
  const location = new URL(found.headers.get('location') ?? '', base_url)
  assert.ok(location.pathname.endsWith('/acme'))
  assert.equal(location.searchParams.get('login_hint'), 'Ada@ACME.test', 'not to be typed again')
  const international = encodeURIComponent('ada@M\u00fcnchen.test')
  assert.equal((await get(`${url}?organization=${international}`)).status, 302)
  assert.equal((await get(`${url}?organization=ada@elsewhere.test`)).status, 404)
  await call(setup.project, 'POST', '/v1/b2b/organizations', {
    organization_name: 'Not connected',
    email_allowed_domains: ['bare.test'],
  })
  assert.equal((await get(`${url}?organization=a@bare.test`)).status, 404, 'no connection')
})

test('by e-mail is off unless the project allows it', async () => {
  const { url } = await newProjectPage({}, { email_allowed_domains: ['acme.test'] })
  assert.equal((await get(`${url}?organization=ada@acme.test`)).status, 404)
})

test('an address of several organizations gives the choice', async () => {
  const domains = { email_allowed_domains: ['acme.test'] }
  const { setup, url } = await newProjectPage({ login_by_email: true }, domains)
  const { body } = await call(setup.project, 'POST', '/v1/b2b/organizations', {
    organization_name: 'Acme Labs',
    organization_slug: 'acme-labs',
    ...domains,
  })
  const { connectSAML } = await import('../../tests/login.ts')
  await connectSAML(setup.project, body.organization.organization_id)
  const page = await (await get(`${url}?organization=ada@acme.test`)).text()
  assert.match(page, /Choose your organization/)
  assert.match(page, /\/acme-labs\?login_hint=ada%40acme\.test/)
})
