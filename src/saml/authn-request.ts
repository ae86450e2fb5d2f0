import { hash, type KeyObject, randomBytes, sign } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { canonicalize, escapeAttribute, escapeText } from './c14n.ts'
import { formatInstant } from './instants.ts'
import { ASSERTION, DSIG, ENVELOPED_SIGNATURE, EXCLUSIVE_C14N, PROTOCOL } from './namespaces.ts'
import { parseXML } from './xml.ts'

/** Input of {@link buildAuthnRequest}. */
export type AuthnRequestInput = {
  idp_sso_url: string
  audience_uri: string
  acs_url: string
  /** unspecified (urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified) sends no NameIDPolicy */
  nameid_format: string
  force_authn: boolean
  now: Date
  /** whom to sign in, as an e-mail address: the NameID of the Subject (Core 3.4.1); an identity provider may ignore it */
  subject_name_id?: string
}

/** An AuthnRequest that is not signed yet; `id` is what the flow stores and InResponseTo must repeat. */
export type AuthnRequest = { id: string; xml: string; idp_sso_url: string }

const EMAIL_ADDRESS = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress'
const UNSPECIFIED = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified'
const HTTP_POST = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST'
const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256'

/** Builds an AuthnRequest with a new random ID (Core 2.0, 3.4.1). */
export function buildAuthnRequest(input: AuthnRequestInput): AuthnRequest {
  const { idp_sso_url, nameid_format } = input
  const id = `_${randomBytes(20).toString('hex')}`
  const force = input.force_authn ? ' ForceAuthn="true"' : ''
  const policy =
    nameid_format === '' || nameid_format === UNSPECIFIED
      ? ''
      : `<samlp:NameIDPolicy Format="${escapeAttribute(nameid_format)}" AllowCreate="true"/>`
  const subject =
    input.subject_name_id === undefined
      ? ''
      : `<saml:Subject xmlns:saml="${ASSERTION}"><saml:NameID Format="${EMAIL_ADDRESS}">` +
        `${escapeText(input.subject_name_id)}</saml:NameID></saml:Subject>`
  const xml =
    `<samlp:AuthnRequest xmlns:samlp="${PROTOCOL}" ID="${id}" Version="2.0"` +
    ` IssueInstant="${formatInstant(input.now)}" Destination="${escapeAttribute(idp_sso_url)}"${force}` +
    ` AssertionConsumerServiceURL="${escapeAttribute(input.acs_url)}" ProtocolBinding="${HTTP_POST}">` +
    `<saml:Issuer xmlns:saml="${ASSERTION}">${escapeText(input.audience_uri)}</saml:Issuer>` +
    `${subject}${policy}</samlp:AuthnRequest>`
  return { id, xml, idp_sso_url }
}

// As short as by zlib's own settings (a window of 2 KB holds the message), in a third less time.
const smallMessage = { windowBits: 11, memLevel: 3 }

/**
 * The address to send the browser to by HTTP-Redirect, signed with rsa-sha256 over the exact octets
 * of the query (Bindings 2.0, 3.4.4.1). The identity provider's own query parameters stay.
 */
export function redirectURL(
  request: AuthnRequest,
  options: { relay_state: string; private_key: KeyObject },
): string {
  const message = deflateRawSync(request.xml, smallMessage).toString('base64')
  const query =
    `SAMLRequest=${encodeURIComponent(message)}` +
    `&RelayState=${encodeURIComponent(options.relay_state)}` +
    `&SigAlg=${encodeURIComponent(RSA_SHA256)}`
  const signature = sign('sha256', Buffer.from(query), options.private_key).toString('base64')
  const [address = ''] = request.idp_sso_url.split('#')
  // A header holds ASCII alone; an address that is ASCII already stays byte for byte.
  const base = /^[!-~]*$/.test(address) ? address : new URL(address).href
  const separator = base.includes('?') ? (/[?&]$/.test(base) ? '' : '&') : '?'
  return `${base}${separator}${query}&Signature=${encodeURIComponent(signature)}`
}

/** The form to post to the identity provider; the values are not HTML-escaped. */
export type POSTForm = { action: string; SAMLRequest: string; RelayState: string }

/**
 * The form for HTTP-POST, the XML signed with an enveloped rsa-sha256 signature after the Issuer
 * (Bindings 2.0, 3.5.4; Core 5.4). `certificate` is the PEM of the signing key.
 */
export function postForm(
  request: AuthnRequest,
  options: { relay_state: string; private_key: KeyObject; certificate: string },
): POSTForm {
  const digest = hash('sha256', canonicalize(parseXML(request.xml)), 'base64')
  // already in canonical form, as the reader of the document will have it
  const signedInfo =
    `<ds:SignedInfo xmlns:ds="${DSIG}">` +
    `<ds:CanonicalizationMethod Algorithm="${EXCLUSIVE_C14N}"></ds:CanonicalizationMethod>` +
    `<ds:SignatureMethod Algorithm="${RSA_SHA256}"></ds:SignatureMethod>` +
    `<ds:Reference URI="#${request.id}"><ds:Transforms>` +
    `<ds:Transform Algorithm="${ENVELOPED_SIGNATURE}"></ds:Transform>` +
    `<ds:Transform Algorithm="${EXCLUSIVE_C14N}"></ds:Transform></ds:Transforms>` +
    `<ds:DigestMethod Algorithm="${SHA256}"></ds:DigestMethod>` +
    `<ds:DigestValue>${digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>`
  const value = sign('sha256', Buffer.from(signedInfo), options.private_key).toString('base64')
  const certificate = options.certificate.replace(/-----[A-Z ]+-----|\s/g, '')
  const signature =
    `<ds:Signature xmlns:ds="${DSIG}">${signedInfo}` +
    `<ds:SignatureValue>${value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>` +
    `<ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>`
  const xml = request.xml.replace('</saml:Issuer>', () => `</saml:Issuer>${signature}`)
  return {
    action: request.idp_sso_url,
    SAMLRequest: Buffer.from(xml).toString('base64'),
    RelayState: options.relay_state,
  }
}
