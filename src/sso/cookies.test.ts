import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { Browser, newSetup, type Setup } from '../../tests/login.ts'
import { hashToken } from '../db/secrets.ts'
import { flowsOf, lastFlow, ownProcess } from './login.test-kit.ts'
import { connectIdP, respond } from './saml-idp.test-kit.ts'

const https_url = 'https://sso.example.com'
let setup: Setup
let saml: string
let secure: Awaited<ReturnType<typeof ownProcess>>

before(async () => {
  setup = await newSetup()
  saml = await connectIdP(setup.project, setup.organization_id)
  secure = await ownProcess(https_url)
})

/** A start at the https server, with these cookies. */
async function startSecurely(cookie = ''): Promise<Response> {
  const query = new URLSearchParams({
    public_token: setup.project.public_token,
    connection_id: saml,
  })
  const headers = cookie === '' ? {} : { cookie }
  return secure.app.request(`${https_url}/v1/public/sso/start?${query}`, { headers })
}

/** Posts a good answer to the https server, with these cookies. */
async function answerSecurely(started: Response, cookie: string): Promise<Response> {
  const { action, fields } = respond(saml, started, { base_url: https_url })
  const headers = { cookie, accept: 'application/json' }
  return secure.app.request(action, { method: 'POST', body: fields, headers })
}

function cookieOf(response: Response, index = 0): string {
  return response.headers.getSetCookie()[index]!.split(';')[0]!
}

test('over https there is one cookie, that no other host can set and scripts cannot read', async () => {
  const cookies = (await startSecurely()).headers.getSetCookie()
  assert.equal(cookies.length, 1)
  const [pair, ...attributes] = cookies[0]!.split('; ')
  assert.match(pair!, /^__Host-portcullis_login=[\w-]{43}$/)
  assert.deepEqual(attributes.sort(), [
    'HttpOnly',
    'Max-Age=7200',
    'Path=/',
    'SameSite=None',
    'Secure',
  ])
})

test('over http on loopback a second one comes without Secure and SameSite, of the same value', async () => {
  const response = await new Browser().start(setup, saml)
  const [secured, plain, ...more] = response.headers.getSetCookie()
  assert.match(secured!, /^__Host-portcullis_login=.*; Secure; SameSite=None$/)
  assert.match(plain!, /^portcullis_login=[\w-]{43}; Path=\/; HttpOnly; Max-Age=7200$/)
  assert.equal(cookieOf(response, 0).split('=')[1], cookieOf(response, 1).split('=')[1])
  assert.deepEqual(more, [])
})

test('over http either of the two cookies is enough', async () => {
  for (const kept of ['__Host-portcullis_login', 'portcullis_login']) {
    const browser = new Browser()
    const started = await browser.start(setup, saml)
    for (const name of browser.cookies.keys()) if (name !== kept) browser.cookies.delete(name)
    assert.equal((await browser.submit(respond(saml, started))).status, 303, kept)
  }
})

test('over https a login needs the __Host- cookie: a neighbour can set the plain one', async () => {
  const started = await startSecurely()
  const [, value] = cookieOf(started).split('=')
  const refused = await answerSecurely(started, `portcullis_login=${value}`)
  assert.equal(refused.status, 400)
  const body = (await refused.json()) as { error_type: string }
  assert.equal(body.error_type, 'missing_saml_csrf_cookie')
  assert.equal((await answerSecurely(started, `a=b; ${cookieOf(started)}`)).status, 303)
})

test('the plain cookie is not taken over into the __Host- one', async () => {
  const planted = 'p'.repeat(43)
  const started = await startSecurely(`portcullis_login=${planted}`)
  assert.ok(!cookieOf(started).includes(planted))
})

test('the value is random, only its hash is stored, and the tabs of a browser share it', async () => {
  const browser = new Browser()
  const tabs = [await browser.start(setup, saml), await browser.start(setup, saml)]
  assert.equal(cookieOf(tabs[0]!), cookieOf(tabs[1]!))
  const flow = await lastFlow(setup.project)
  assert.deepEqual(flow.cookie_hash, hashToken(browser.cookies.get('portcullis_login')!))
  assert.notEqual(cookieOf(await new Browser().start(setup, saml)), cookieOf(tabs[0]!))
  for (const started of tabs.reverse())
    assert.equal((await browser.submit(respond(saml, started))).status, 303)
  const flows = await flowsOf(setup.project)
  assert.ok(!JSON.stringify(flows).includes(browser.cookies.get('portcullis_login')!))
})

test('a cookie that is no value of ours counts as none', async () => {
  const browser = new Browser()
  browser.cookies.set('portcullis_login', 'short')
  const started = await browser.start(setup, saml)
  assert.match(cookieOf(started), /=[\w-]{43}$/)
})
