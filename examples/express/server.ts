/**
 * Enterprise SSO in a B2B application, with the official `stytch` package: an organization's login page,
 * the way back from the login, a session in a signed cookie, logout. README.md says how to run it.
 */
import cookieSession from 'cookie-session'
import express, { type NextFunction, type Request, type Response } from 'express'
import { B2BClient, RequestError, StytchError } from 'stytch'
import { secure, settings, stop } from './settings.ts'
import { homePage, loginPage, type Message, memberPage, messagePage } from './views.ts'

const { base_url, project_id, public_token, secret } = settings
const stytch = new B2BClient({ project_id, secret, ...(base_url && { env: base_url }) })
const start_host =
  base_url ??
  (project_id.startsWith('project-live-') ? 'https://api.stytch.com' : 'https://test.stytch.com')

const app = express()
app.disable('x-powered-by')
// Behind a reverse proxy on this machine, its X-Forwarded-Proto says whether the browser speaks https.
if (secure) app.set('trust proxy', 'loopback')
app.use((_req, res, next) => {
  res.set({
    // No form-action: browsers apply it to the redirects after a form, and ours lead to other hosts.
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  })
  next()
})
app.use(express.static(`${import.meta.dirname}/public`))
app.use((_req, res, next) => {
  res.set('Cache-Control', 'no-store')
  next()
})
app.use(
  cookieSession({
    // Cookies ignore ports: on localhost every application needs a name of its own.
    name: 'portcullis_example_express',
    keys: [settings.session_secret],
    httpOnly: true,
    // A page of another site can't make the browser post to /logout as this member.
    sameSite: 'lax',
    secure,
  }),
)

app.get('/', async (req, res) => {
  const session = await currentSession(req)
  res.send(homePage(session?.organization))
})

app.get('/org', (req, res) => {
  const slug = text(req.query.slug).trim()
  res.redirect(303, slug === '' ? '/' : `/org/${encodeURIComponent(slug)}`)
})

app.get('/org/:slug', async (req, res) => {
  const { slug } = req.params
  const session = await currentSession(req)
  // A session opens its own organization only.
  if (session?.organization.organization_slug === slug) {
    res.send(memberPage(session, claimsOf(session.session_jwt)))
    return
  }

  const organization = await findOrganization(slug)
  if (!organization) {
    const message = `No organization here is called “${slug}”. Check the spelling.`
    const link = { href: '/', label: 'Try another name' }
    res.status(404).send(messagePage({ title: 'Unknown organization', message, link }))
    return
  }
  const connections = organization.sso_active_connections.map((connection) => ({
    ...connection,
    start_url: startURL(connection.connection_id),
  }))
  const [only] = connections
  if (only && connections.length === 1) res.redirect(302, only.start_url)
  else res.send(loginPage(organization, connections))
})

/** Where a login comes back to; APP_URL/authenticate is a registered LOGIN and SIGNUP redirect URL. */
app.get('/authenticate', async (req, res) => {
  const type = text(req.query.stytch_token_type)
  const token = text(req.query.token)
  const link = startAgain(req)
  if (type !== 'sso' || token === '') {
    const message =
      type === 'sso' || type === ''
        ? 'This address is where a login comes back to, but no token came with it.'
        : `This example handles the token type “sso” only; this login’s is “${type}”.`
    res.status(400).send(messagePage({ title: 'Nothing to log in with', message, link }))
    return
  }

  const login = await stytch.sso.authenticate({ sso_token: token, session_duration_minutes: 60 })
  if (!login.member_authenticated) {
    // Here an application would go on with login.intermediate_session_token.
    const wanted = login.primary_required
      ? `another way to log in (${login.primary_required.allowed_auth_methods.join(', ')})`
      : 'a second factor'
    const message = `${login.organization.organization_name} asks for ${wanted}, which this example does not have.`
    res.status(403).send(messagePage({ title: 'One more step is needed', message, link }))
    return
  }
  // The JWT takes about 1 KB of the 4 KB that a cookie can hold. With many roles or custom claims, keep
  // session_token (some 50 characters) instead.
  req.session = { session_jwt: login.session_jwt }
  res.redirect(303, orgPath(login.organization.organization_slug))
})

app.post('/logout', async (req, res) => {
  const session_jwt = text(req.session?.session_jwt)
  // First, so that the browser forgets it even when the call below fails.
  req.session = null
  if (session_jwt !== '')
    await stytch.sessions.revoke({ session_jwt }).catch((error: unknown) => {
      if (!isRefusal(error)) throw error // Refused: the session had ended before.
    })
  // Not to /org/...: with a single connection that would log the member in again at once.
  res.redirect(303, '/')
})

app.use((_req, res) => {
  const message = 'There is nothing at this address.'
  const link = { href: '/', label: 'To the start page' }
  res.status(404).send(messagePage({ title: 'Not found', message, link }))
})

/** What an async handler throws arrives here; Express knows this function by its four parameters. */
app.use((error: unknown, req: Request, res: Response, _next: NextFunction) => {
  const [status, content] = explain(error)
  // Not the whole error where it is the SDK's: it holds what was sent, tokens too.
  if (status >= 500) console.error(status === 502 ? String(error) : error)
  res.status(status).send(messagePage({ ...content, link: startAgain(req) }))
})

function explain(error: unknown): [status: number, content: Message] {
  if (error instanceof StytchError) {
    const details = { Error: error.error_type, 'Request id': error.request_id }
    const message = error.error_message
    return isRefusal(error)
      ? [400, { title: 'You could not be logged in', message, details }]
      : [502, { title: 'Logging in does not work at the moment', message, details }]
  }
  if (error instanceof RequestError) {
    const message = 'The login service does not answer. Try again in a moment.'
    return [502, { title: 'Logging in does not work at the moment', message }]
  }
  if (error instanceof URIError)
    return [400, { title: 'Bad request', message: 'The address could not be read.' }]
  return [500, { title: 'That did not work', message: 'Something went wrong here.' }]
}

/**
 * The session behind the cookie, or null. The remote call is what notices a revocation at once. Checking the
 * JWT locally (sessions.authenticateJwtLocal) saves the call, but lets a revoked session in until the JWT is
 * five minutes old. Pass session_duration_minutes to let each visit extend the session.
 */
async function currentSession(req: Request) {
  const session_jwt = text(req.session?.session_jwt)
  if (session_jwt === '') return null
  try {
    const session = await stytch.sessions.authenticate({ session_jwt })
    req.session = { session_jwt: session.session_jwt }
    return session
  } catch (error) {
    if (!isRefusal(error)) throw error
    req.session = null
    return null
  }
}

/** Whether the API refused this session or token; 401 refuses this application, 429 its haste. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof StytchError &&
    error.status_code < 500 &&
    ![401, 429].includes(error.status_code)
  )
}

async function findOrganization(slug: string) {
  const { organizations } = await stytch.organizations.search({
    query: {
      operator: 'AND',
      operands: [{ filter_name: 'organization_slugs', filter_value: [slug] }],
    },
  })
  const [found] = organizations
  if (!found) return null
  const { organization_id } = found
  return (await stytch.organizations.get({ organization_id })).organization
}

/** Where a login over a connection begins; the browser comes back to /authenticate. */
function startURL(connection_id: string): string {
  const url = new URL('/v1/public/sso/start', start_host)
  const redirect_url = new URL('/authenticate', settings.app_url).href
  url.search = new URLSearchParams({
    connection_id,
    public_token,
    login_redirect_url: redirect_url,
    signup_redirect_url: redirect_url,
  }).toString()
  return url.href
}

/** What the JWT says. It is not checked here: it has just come from the API. */
function claimsOf(session_jwt: string): unknown {
  return JSON.parse(Buffer.from(session_jwt.split('.')[1] ?? '', 'base64url').toString())
}

const orgPath = (slug: string) => `/org/${encodeURIComponent(slug)}`

/** Where a failed login may begin again; the address a login comes back to carries the slug. */
function startAgain(req: Request) {
  const slug = text(req.query.slug)
  return { href: slug === '' ? '/' : orgPath(slug), label: 'Start again' }
}

/** What came in a query or cookie, if it is text. */
function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Listens on this machine only, over IPv4 and, where there is one, IPv6. */
function listen(host: string): Promise<void> {
  return new Promise((resolve) => {
    app.listen(settings.port, host, (error) => {
      const code = (error as NodeJS.ErrnoException | undefined)?.code ?? ''
      const no_ipv6 = host === '::1' && ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(code)
      if (error && !no_ipv6) stop(`Cannot listen on port ${settings.port}: ${error.message}.`)
      resolve()
    })
  })
}

await Promise.all([listen('127.0.0.1'), listen('::1')])
console.log(`The example application is listening at ${settings.app_url}`)
