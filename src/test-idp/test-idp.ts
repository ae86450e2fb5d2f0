// A SAML 2.0 and OpenID Connect identity provider for laptops and tests: anybody may sign in as anybody.
// Development only. It signs with code of its own, so that a mistake in src/saml/ can't hide behind the same
// mistake here.
import { randomBytes } from 'node:crypto'
import { Hono } from 'hono'
import { generateTestIdPKeys, type TestIdPKeys } from './keys.ts'
import type { TestIdPSettings } from './settings.ts'
import { defaultUsers, type TestIdPUser } from './users.ts'

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
  return { app: new Hono(), saml: settings.saml, oidc: settings.oidc, users: settings.users }
}
