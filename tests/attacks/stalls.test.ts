/** What costs the square of its length where it is searched or composed carelessly, at every door that takes text. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { call, server, type TestProject } from '../harness.ts'
import { base_url, newSetup, type Setup } from '../login.ts'

const texts: Record<string, string> = {
  'white space': `a${' '.repeat(300_000)}b@acme.example`,
  'white space in the domain': `a@${' '.repeat(300_000)}acme.example`,
  'marks that are put in order': `a${'\u0315\u0300'.repeat(100_000)}@acme.example`,
  'a word over and over': `${'password'.repeat(30_000)}x`,
  ampersands: '&'.repeat(300_000),
  'tags that do not end': '<!-- '.repeat(60_000),
  'base64 that is none': `${'='.repeat(300_000)}A`,
}

let setup: Setup
let project: TestProject
before(async () => {
  setup = await newSetup()
  project = setup.project
})

/** Who asks, of whom, and what; each is refused or finds nothing. */
const doors: Record<string, (text: string) => Promise<unknown>> = {
  'the address of a new member': (text) =>
    call(project, 'POST', `/v1/b2b/organizations/${setup.organization_id}/members`, {
      email_address: text,
    }),
  'addresses that are searched for': (text) => search('member_emails', [text]),
  'a part of an address': (text) => search('member_email_fuzzy', text),
  'the domains of an organization': (text) =>
    call(project, 'PUT', `/v1/b2b/organizations/${setup.organization_id}`, {
      email_allowed_domains: [text],
    }),
  'the token of a login': (text) =>
    call(project, 'POST', '/v1/b2b/sso/authenticate', { sso_token: text }),
  'a session JWT': (text) =>
    call(project, 'POST', '/v1/b2b/sessions/authenticate', { session_jwt: text }),
  'a certificate': (text) =>
    call(project, 'PUT', `/v1/b2b/sso/saml/${setup.organization_id}/connections/${setup.saml}`, {
      x509_certificate: text,
    }),
  'the sign-in page of the dashboard': (text) =>
    post('/dashboard/sign-in', { email_address: text, password: text }),
  'a link to become an administrator': (text) =>
    post('/dashboard/invitation', { token: text, name: text, password: text }),
  'an ACS': (text) =>
    post(`/v1/b2b/sso/callback/${setup.saml}`, { SAMLResponse: text, RelayState: text }),
}

function search(filter_name: string, filter_value: unknown) {
  const query = { operator: 'AND', operands: [{ filter_name, filter_value }] }
  const organization_ids = [setup.organization_id]
  return call(project, 'POST', '/v1/b2b/organizations/members/search', { organization_ids, query })
}

/** As multipart, in which marks need no escapes; an ACS takes the other kind alone. */
async function post(path: string, fields: Record<string, string>) {
  const { app } = await server()
  const urlencoded = path.includes('/callback/')
  const parts = Object.entries(fields).map(
    ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const body = urlencoded ? new URLSearchParams(fields).toString() : `${parts.join('')}--b--\r\n`
  const type = urlencoded ? 'application/x-www-form-urlencoded' : 'multipart/form-data; boundary=b'
  const headers = { origin: base_url, 'content-type': type }
  return app.request(base_url + path, { method: 'POST', body, headers })
}

for (const [door, send] of Object.entries(doors))
  test(`nothing that is said stalls the server: ${door}`, async (t) => {
    await send('x')
    for (const [name, text] of Object.entries(texts)) {
      const began = process.cpuUsage()
      await send(text)
      const { user } = process.cpuUsage(began)
      const ms = Math.round(user / 1_000)
      t.diagnostic(`${ms} ms: ${name}`)
      // No measurement: what is quadratic costs seconds or minutes.
      assert.ok(ms < 2_000, `${name}: ${ms} ms`)
    }
  })
