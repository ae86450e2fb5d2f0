/** The login over https, where only the `__Host-` cookie counts, between hosts that are cross-site. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:https'
import { type TestContext, test } from 'node:test'
import { serve } from '@hono/node-server'
import { selfSignedCertificate } from '../../src/test-idp/certificate.ts'
import { atEnd } from '../harness.ts'
import {
  connectOIDC,
  connectSAML,
  createStage,
  newOrganization,
  openPort,
  type Stage,
  startURL,
} from './stage.ts'
import { assertRefused, grace, newVisitor, signIn } from './visitor.ts'

type Fetch = (request: Request) => Response | Promise<Response>

/** Answers over https on a free port; `answer` says what, once it is known. */
async function openTLS() {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const cert = selfSignedCertificate('portcullis.test', keys, new Date())
  let answer: Fetch = () => new Response(null, { status: 503 })
  const listener = serve({
    fetch: (request) => answer(request),
    createServer,
    serverOptions: { key, cert },
    hostname: '127.0.0.1',
    port: 0,
  })
  await new Promise<void>((resolve) => listener.once('listening', resolve))
  atEnd(async () => {
    if ('closeAllConnections' in listener) listener.closeAllConnections()
    await new Promise((resolve) => listener.close(resolve))
  })
  const { port } = listener.address() as { port: number }
  return {
    port,
    answer(next: Fetch) {
      answer = next
    },
  }
}

/** Where the application would be: a page that shows what it was given. */
function application(request: Request): Response {
  if (new URL(request.url).pathname === '/favicon.ico') return new Response(null, { status: 204 })
  return new Response('<!doctype html><title>Application</title><h1>Back at the application</h1>', {
    headers: { 'content-type': 'text/html' },
  })
}

let started: Promise<Stage> | undefined

function secureStage(): Promise<Stage> {
  started ??= start()
  return started
}

async function start(): Promise<Stage> {
  const [service, idp, app] = await Promise.all([openTLS(), openTLS(), openTLS()])
  const [api, idp_api] = await Promise.all([openPort(), openPort()])
  const parts = await createStage({
    base_url: `https://sp.test:${service.port}`,
    idp_url: `https://idp.test:${idp.port}`,
    app_url: `https://app.test:${app.port}`,
    api_url: `http://127.0.0.1:${api.port}`,
    idp_api_url: `http://127.0.0.1:${idp_api.port}`,
  })
  for (const part of [service, api]) part.answer(parts.app.fetch)
  for (const part of [idp, idp_api]) part.answer(parts.idp.app.fetch)
  app.answer(application)
  return parts
}

/** A visitor at the identity provider, on the way through a login over `connection_id`. */
async function startedLogin(t: TestContext, parts: Stage, connection_id: string) {
  const context = await newVisitor(t, parts, { ignoreHTTPSErrors: true })
  const page = await context.newPage()
  await page.goto(startURL(parts, connection_id))
  return { context, page }
}

for (const connect of [connectSAML, connectOIDC]) {
  const label = connect === connectSAML ? 'SAML' : 'OIDC'
  test(`over https a login by ${label} needs one cookie, __Host- and SameSite=None`, async (t) => {
    const parts = await secureStage()
    const { organization_id } = await newOrganization(parts)
    const connection_id = await connect(parts, organization_id)
    const { context, page } = await startedLogin(t, parts, connection_id)
    const cookies = await context.cookies(parts.base_url)
    assert.deepEqual(
      cookies.map(({ name, domain, path, secure, httpOnly, sameSite }) => {
        return { name, domain, path, secure, httpOnly, sameSite }
      }),
      [
        {
          name: '__Host-portcullis_login',
          domain: 'sp.test',
          path: '/',
          secure: true,
          httpOnly: true,
          sameSite: 'None',
        },
      ],
    )

    await signIn(page, grace)
    await page.getByRole('heading', { name: 'Back at the application' }).waitFor()
    const arrival = new URL(page.url())
    assert.equal(arrival.origin, parts.app_url)
    const { member } = await parts.stytch.sso.authenticate({
      sso_token: arrival.searchParams.get('token') ?? '',
    })
    assert.equal(member.email_address, grace.email)
  })
}

test('the hosts are really cross-site: with SameSite=Lax the cookie does not come back', async (t) => {
  const parts = await secureStage()
  const { organization_id } = await newOrganization(parts)
  const { context, page } = await startedLogin(t, parts, await connectSAML(parts, organization_id))
  const [cookie] = await context.cookies(parts.base_url)
  await context.addCookies([{ ...cookie!, sameSite: 'Lax' }])
  await signIn(page, grace)
  await assertRefused(page, parts, {
    error_type: 'missing_saml_csrf_cookie',
    reason: /did not send the cookie/,
    who: 'You',
  })
})

test('over https a cookie under the plain name, which a neighbouring host could set, counts for nothing', async (t) => {
  const parts = await secureStage()
  const { organization_id } = await newOrganization(parts)
  const { context, page } = await startedLogin(t, parts, await connectOIDC(parts, organization_id))
  const [cookie] = await context.cookies(parts.base_url)
  await context.clearCookies()
  await context.addCookies([{ ...cookie!, name: 'portcullis_login' }])
  await signIn(page, grace)
  await assertRefused(page, parts, {
    error_type: 'missing_oidc_csrf_cookie',
    reason: /did not send the cookie/,
    who: 'You',
  })
})
