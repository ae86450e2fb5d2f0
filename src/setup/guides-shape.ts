import type { ConnectionType } from '../db/schema.ts'

/** The identity providers that have a guide of their own. */
export type GuideProvider =
  | 'okta'
  | 'microsoft-entra'
  | 'google-workspace'
  | 'adfs'
  | 'keycloak'
  | 'onelogin'
  | 'jumpcloud'
  | 'pingfederate'
  | 'auth0'
  | 'shibboleth'
  | 'generic'

/** What of a connection is entered at the identity provider. */
export type GuideValue =
  | 'acs_url'
  | 'audience_uri'
  | 'sp_metadata_url'
  | 'signing_certificate'
  | 'redirect_url'
  | 'scopes'

/** What of the identity provider is entered here; `endpoints` are the four addresses of a provider without discovery. */
export type GuideInput =
  | 'metadata_url'
  | 'metadata_xml'
  | 'idp_entity_id'
  | 'idp_sso_url'
  | 'x509_certificate'
  | 'attribute_mapping'
  | 'issuer'
  | 'client_id'
  | 'client_secret'
  | 'endpoints'

export interface GuideStep {
  /** Names the step in addresses and in the progress of a setup link; unique within its guide. */
  id: 'create' | 'values' | 'attributes' | 'metadata' | 'credentials' | 'assign'
  title: string
  /** What to do, an instruction a line, in the words of the identity provider's own pages. */
  text: readonly string[]
  /** What to copy from here, under the label that the field has over there. */
  values?: readonly { label: string; value: GuideValue }[]
  /** What to send under which name. */
  attributes?: readonly { name: string; source: string; optional?: true }[]
  /** What to bring back, under the label that it has over there. */
  input?: readonly { field: GuideInput; label: string; example?: string }[]
}

export interface Guide {
  identity_provider: GuideProvider
  type: ConnectionType
  /** Such as `Okta`. */
  name: string
  /** When its words were last compared with the provider's pages, or with what is known of them. */
  written: string
  steps: readonly GuideStep[]
  /** The attribute mapping that fits the step `attributes`; `{}` where none is needed. */
  attribute_mapping: Readonly<Record<string, string>>
}

export const written = '2026-11'

/** Names that most providers let their admin choose. */
export const plainMapping = {
  email: 'email',
  first_name: 'firstName',
  last_name: 'lastName',
  groups: 'groups',
} as const

/** The claim names of Microsoft's products and of Auth0. */
export const claims = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims'
