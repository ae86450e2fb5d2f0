import type { KeyObject } from 'node:crypto'

/** Input of {@link buildAuthnRequest}. */
export type AuthnRequestInput = {
  idp_sso_url: string
  audience_uri: string
  acs_url: string
  /** unspecified (urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified) sends no NameIDPolicy */
  nameid_format: string
  force_authn: boolean
  now: Date
}

/** An AuthnRequest that is not signed yet; `id` is what the flow stores and InResponseTo must repeat. */
export type AuthnRequest = { id: string; xml: string; idp_sso_url: string }

/** Builds an AuthnRequest with a new random ID. Core 2.0, 3.4.1. */
export function buildAuthnRequest(_input: AuthnRequestInput): AuthnRequest {
  throw new Error('not built yet')
}

/** The address to send the browser to: HTTP-Redirect, signed with rsa-sha256. Bindings 2.0, 3.4.4.1. */
export function redirectURL(
  _request: AuthnRequest,
  _options: { relay_state: string; private_key: KeyObject },
): string {
  throw new Error('not built yet')
}

/** The form to post to the identity provider; the values are not HTML-escaped. */
export type POSTForm = { action: string; SAMLRequest: string; RelayState: string }

/** The form for HTTP-POST, the XML signed with rsa-sha256 (enveloped). Bindings 2.0, 3.5.4. */
export function postForm(
  _request: AuthnRequest,
  _options: { relay_state: string; private_key: KeyObject; certificate: string },
): POSTForm {
  throw new Error('not built yet')
}
