// A SAML 2.0 and OpenID Connect identity provider for laptops and tests: anybody may sign in as anybody.
// Development only. It signs with code of its own, so that a mistake in src/saml/ can't hide behind the same
// mistake here.
import { randomBytes } from 'node:crypto'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import { TestIdPError } from './error.ts'
import { homePage } from './home-page.ts'
import { generateTestIdPKeys, type TestIdPKeys } from './keys.ts'
import { errorPage } from './layout.ts'
import { oidcRoutes } from './oidc.ts'
import { samlRoutes } from './saml.ts'
import type { TestIdPSettings } from './settings.ts'
import { defaultUsers, type TestIdPUser } from './users.ts'

const MOST_BODY_BYTES = 256 * 1024

/** `base_url` is where the caller will listen, `service_base_url` the only origin that responses are sent to. */
export interface TestIdPOptions {
  base_url: string
  service_base_url: string
  users?: readonly TestIdPUser[]
  oidc_client?: { client_id: string; client_secret: string }
  keys?: TestIdPKeys
  now?: () => Date
}

/** The app to listen with, and what a SAML and an OIDC connection to it are configured with. */
export interface TestIdP {
  app: Hono
  saml: TestIdPSettings['saml']
  oidc: TestIdPSettings['oidc']
  users: readonly TestIdPUser[]
}

/**
 * Makes a test identity provider, with new keys and a new client secret unless they are given. The caller listens
 * at `base_url`, on loopback only.
 */
export async function createTestIdP(options: TestIdPOptions): Promise<TestIdP> {
  const now = options.now ?? (() => new Date())
  const keys = options.keys ?? (await generateTestIdPKeys(now()))
  const base_url = options.base_url.replace(/\/+$/, '')
  const settings: TestIdPSettings = {
    base_url,
    service_base_url: options.service_base_url,
    users: options.users ?? defaultUsers,
    keys,
    now,
    saml: {
      entity_id: `${base_url}/saml/metadata`,
      sso_url: `${base_url}/saml/sso`,
      metadata_url: `${base_url}/saml/metadata`,
      certificate: keys.saml.certificate,
    },
    oidc: {
      issuer: `${base_url}/oidc`,
      client_id: 'portcullis',
      client_secret: randomBytes(24).toString('base64url'),
      ...options.oidc_client,
    },
  }
  return {
    app: testIdPApp(settings),
    saml: settings.saml,
    oidc: settings.oidc,
    users: settings.users,
  }
}

function testIdPApp(settings: TestIdPSettings): Hono {
  const app = new Hono()
  app.use(async (c, next) => {
    if (isKnownHost(settings, new URL(c.req.url).hostname)) return next()
    throw new TestIdPError(`Ask for this identity provider at ${settings.base_url}.`)
  })
  app.use(bodyLimit({ maxSize: MOST_BODY_BYTES }))
  app.get('/', (c) => homePage(c, settings))
  app.route('/saml', samlRoutes(settings))
  app.route('/oidc', oidcRoutes(settings))
  app.notFound((c) =>
    errorPage(c, 'Check the address, or begin the login at your application.', 404),
  )
  app.onError((error, c) => {
    if (error instanceof TestIdPError) return errorPage(c, error.message)
    if (error instanceof HTTPException) return error.getResponse()
    console.error(error)
    return c.text('Internal Server Error', 500)
  })
  return app
}

// A name that somebody else's DNS points at loopback (DNS rebinding) is none of these.
function isKnownHost(settings: TestIdPSettings, host: string): boolean {
  const own = new URL(settings.base_url).hostname
  return host === own || host === '[::1]' || /^(.+\.)?localhost$|^127(\.\d{1,3}){3}$/.test(host)
}
