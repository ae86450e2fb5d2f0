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
