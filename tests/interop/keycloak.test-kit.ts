/** The Keycloak of this run, and connections to a realm of it. */
import { describe, type Provider } from './compatibility.ts'
import { prepared } from './downloads.ts'
import {
  newRealm,
  prepareKeycloak,
  type Realm,
  registerOIDC,
  registerSAML,
  startKeycloak,
  version,
} from './keycloak.ts'
import { type Connected, connectOIDC, connectSAML } from './logins.ts'

const folder = prepared(prepareKeycloak)
let started: ReturnType<typeof startKeycloak> | undefined
let shared: Promise<Realm> | undefined

const notes: Record<Provider['protocol'], string> = {
  SAML: 'Its importer of metadata keeps the last signing key, and encrypts as soon as the metadata hold a key for it. A new realm key signs at once: read its metadata again (`metadata_url`).',
  OIDC: 'A new realm key signs at once and is fetched when it is first seen.',
}

function describeKeycloak(protocol: Provider['protocol']): void {
  describe({ name: `Keycloak ${protocol}`, protocol, version, notes: notes[protocol] })
}

/** A realm of its own, for tests that change its keys. */
export async function freshRealm(): Promise<Realm> {
  started ??= folder().then(startKeycloak)
  return newRealm(await started)
}

/** The realm that the other tests share. */
export function realm(): Promise<Realm> {
  shared ??= freshRealm()
  return shared
}

interface Variant {
  realm?: Realm
  attributes?: Record<string, string>
  changes?: Record<string, unknown>
}

/** An organization connected to a realm over SAML. */
export async function connectKeycloakSAML(
  name: string,
  variant: Variant & { encryption?: boolean; groups_in_one_attribute?: boolean } = {},
): Promise<Connected> {
  const at = variant.realm ?? (await realm())
  describeKeycloak('SAML')
  return connectSAML(name, {
    async register({ metadata }) {
      await registerSAML(at, metadata, variant.attributes, variant.groups_in_one_attribute)
      return at.saml_metadata_url
    },
    attribute_mapping: {
      email: 'email',
      first_name: 'firstName',
      last_name: 'lastName',
      groups: 'groups',
      idp_user_id: 'uid',
    },
    encryption: variant.encryption ?? false,
    ...(variant.changes && { changes: variant.changes }),
  })
}

/** An organization connected to a realm over OpenID Connect. */
export async function connectKeycloakOIDC(name: string, variant: Variant = {}): Promise<Connected> {
  const at = variant.realm ?? (await realm())
  describeKeycloak('OIDC')
  return connectOIDC(name, {
    register: (redirect_url) => registerOIDC(at, redirect_url, variant.attributes),
    ...(variant.changes && { changes: variant.changes }),
  })
}
