import { type Context, Hono } from 'hono'
import { type AuthnRequest, readPostRequest, readRedirectRequest } from './authn-request.ts'
import { TestIdPError } from './error.ts'
import { ExpiringMap } from './expiring-map.ts'
import { samlMetadata } from './saml-metadata.ts'
import {
  failureResponse,
  loginResponse,
  nameIDFormats,
  type ResponseAddress,
  signChoices,
} from './saml-response.ts'
import { refuseForeignURL, type TestIdPSettings } from './settings.ts'
import { chosenUser, postPage, signInPage } from './sign-in-page.ts'
import { findUser, type TestIdPUser } from './users.ts'
import { encryptionChoices, type Recipient, readRecipient } from './xml-encryption.ts'

const UNSPECIFIED = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified'
const FLOW_LIFETIME_MS = 30 * 60 * 1000

/** A login under way: what the Response will be addressed with. `request` is missing where the provider began it. */
interface SAMLFlow {
  acs_url: string
  audience: string
  relay_state: string | undefined
  request: AuthnRequest | undefined
}

/** The SAML half: metadata, single sign-on by HTTP-Redirect and HTTP-POST, and logins that begin here. */
export function samlRoutes(settings: TestIdPSettings): Hono {
  const routes = new Hono()
  const flows = new ExpiringMap<SAMLFlow>(FLOW_LIFETIME_MS, settings.now)

  routes.get('/metadata', (c) =>
    c.body(samlMetadata(settings), 200, { 'content-type': 'application/samlmetadata+xml' }),
  )
  routes.get('/sso', (c) => {
    const request = readRedirectRequest(c.req.query('SAMLRequest') ?? '')
    return start(c, settings, flows, request, c.req.query('RelayState'))
  })
  routes.post('/sso', async (c) => {
    const form = new URLSearchParams(await c.req.text())
    const request = readPostRequest(form.get('SAMLRequest') ?? '')
    return start(c, settings, flows, request, form.get('RelayState') ?? undefined)
  })
  routes.get('/launch', (c) => launch(c, settings, flows))
  routes.post('/sign-in', async (c) => {
    const form = new URLSearchParams(await c.req.text())
    const flow = flows.get(form.get('flow') ?? '')
    if (!flow) throw new TestIdPError('This login has expired. Begin it again at the application.')
    if (form.get('action') === 'cancel') return cancelled(c, settings, flow)
    const sign = signChoices.find((choice) => choice === form.get('sign'))
    const user = chosenUser(settings.users, form)
    return answer(c, settings, flow, user, sign, recipientOf(form))
  })
  return routes
}

/** Whom the sign-in form wants the assertion encrypted for, if anybody. */
function recipientOf(form: URLSearchParams): Recipient | undefined {
  const certificate = form.get('encryption_certificate')?.trim()
  if (!certificate) return undefined
  const content = encryptionChoices.find((choice) => choice === form.get('encryption'))
  return readRecipient(certificate, content ?? 'aes256-gcm')
}

function start(
  c: Context,
  settings: TestIdPSettings,
  flows: ExpiringMap<SAMLFlow>,
  request: AuthnRequest,
  relay_state: string | undefined,
) {
  const { acs_url } = request
  refuseForeignURL(settings, 'AssertionConsumerServiceURL', acs_url)
  if (request.destination && request.destination !== settings.saml.sso_url) {
    throw new TestIdPError(
      `The AuthnRequest is meant for ${request.destination}, this is ${settings.saml.sso_url}.`,
    )
  }
  const flow: SAMLFlow = { acs_url, audience: request.issuer, relay_state, request }
  if (!nameIDFormat(request)) {
    const asked = `NameID format ${request.name_id_format} is not known here`
    return fail(c, settings, flow, ['Requester', 'InvalidNameIDPolicy'], asked)
  }
  const user = request.name_id === undefined ? undefined : findUser(settings.users, request.name_id)
  if (user && !request.force_authn) return answer(c, settings, flow, user)
  if (request.is_passive) {
    const why = 'The request is passive, and names nobody who could be signed in without a page'
    return fail(c, settings, flow, ['Responder', 'NoPassive'], why)
  }
  return showUsers(c, settings, flows, flow)
}

function launch(c: Context, settings: TestIdPSettings, flows: ExpiringMap<SAMLFlow>) {
  const acs_url = c.req.query('acs_url')?.trim()
  if (!acs_url) throw new TestIdPError('The launch link needs acs_url, and may have audience.')
  refuseForeignURL(settings, 'acs_url', acs_url)
  const audience = c.req.query('audience')?.trim() || acs_url
  const relay_state = c.req.query('relay_state') || undefined
  return showUsers(c, settings, flows, { acs_url, audience, relay_state, request: undefined })
}

function showUsers(
  c: Context,
  settings: TestIdPSettings,
  flows: ExpiringMap<SAMLFlow>,
  flow: SAMLFlow,
) {
  const { request } = flow
  return signInPage(c, {
    action: '/saml/sign-in',
    flow: flows.add(flow),
    application: new URL(flow.acs_url).host,
    users: settings.users,
    hint: request?.name_id,
    response_options: { sign: signChoices, encryption: encryptionChoices },
    facts: {
      Protocol: request ? 'SAML 2.0' : 'SAML 2.0, begun here (IdP-initiated)',
      'Issuer (audience)': flow.audience,
      'Assertion consumer service': flow.acs_url,
      'Request ID': request?.id,
      'NameID format': request?.name_id_format,
      RelayState: flow.relay_state,
      'Request signature': request && 'Not checked: a test identity provider trusts any request',
    },
  })
}

function answer(
  c: Context,
  settings: TestIdPSettings,
  flow: SAMLFlow,
  user: TestIdPUser,
  sign: (typeof signChoices)[number] = 'assertion',
  encrypt_for?: Recipient,
) {
  const name_id_format = nameIDFormat(flow.request) ?? 'emailAddress'
  const options = { name_id_format, sign, encrypt_for }
  const xml = loginResponse(address(settings, flow), user, options, settings.keys.saml)
  return send(c, flow, xml, `Signed in as ${user.email}`)
}

function cancelled(c: Context, settings: TestIdPSettings, flow: SAMLFlow) {
  if (!flow.request) return c.redirect('/', 303)
  return fail(c, settings, flow, ['Responder', 'AuthnFailed'], 'The user cancelled the login')
}

function fail(
  c: Context,
  settings: TestIdPSettings,
  flow: SAMLFlow,
  codes: [string, string],
  message: string,
) {
  const xml = failureResponse(address(settings, flow), codes, message, settings.keys.saml)
  return send(c, flow, xml, message)
}

function send(c: Context, flow: SAMLFlow, xml: string, headline: string) {
  const SAMLResponse = Buffer.from(xml).toString('base64')
  const RelayState = flow.relay_state
  return postPage(c, flow.acs_url, headline, { SAMLResponse, RelayState })
}

function address(settings: TestIdPSettings, flow: SAMLFlow): ResponseAddress {
  return {
    issuer: settings.saml.entity_id,
    acs_url: flow.acs_url,
    audience: flow.audience,
    in_response_to: flow.request?.id,
    now: settings.now(),
  }
}

function nameIDFormat(request: AuthnRequest | undefined): keyof typeof nameIDFormats | undefined {
  const format = request?.name_id_format
  if (format === undefined || format === UNSPECIFIED) return 'emailAddress'
  const known = Object.entries(nameIDFormats).find(([, urn]) => urn === format)
  return known?.[0] as keyof typeof nameIDFormats | undefined
}
