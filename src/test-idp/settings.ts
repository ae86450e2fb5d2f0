import { TestIdPError } from './error.ts'
import type { TestIdPKeys } from './keys.ts'
import type { TestIdPUser } from './users.ts'

/** What every part of the test identity provider is given: addresses, users, keys and the clock. */
export interface TestIdPSettings {
  base_url: string
  service_base_url: string
  users: readonly TestIdPUser[]
  keys: TestIdPKeys
  saml: { entity_id: string; sso_url: string; metadata_url: string; certificate: string }
  oidc: { issuer: string; client_id: string; client_secret: string }
  now: () => Date
}

/** Throws TestIdPError unless `url` is an http(s) URL at the origin of the service, the only one answered. */
export function refuseForeignURL(settings: TestIdPSettings, name: string, url: string): void {
  const { origin } = new URL(settings.service_base_url)
  if (!URL.canParse(url) || new URL(url).origin !== origin) {
    throw new TestIdPError(
      `The ${name} is ${url}. This test identity provider sends people back to ${origin} only.`,
    )
  }
}
