import { randomBytes } from 'node:crypto'
import { type CanonicalXML, element, nothing, text } from './canonical-xml.ts'
import type { TestIdPUser } from './users.ts'
import { encryptedData, type Recipient } from './xml-encryption.ts'
import { type SigningKey, signed } from './xml-signature.ts'

const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol'
const ASSERTION = 'urn:oasis:names:tc:SAML:2.0:assertion'
const STATUS = 'urn:oasis:names:tc:SAML:2.0:status:'
const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer'
const PASSWORD = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport'
const BASIC = 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic'
const LIFETIME_MS = 5 * 60 * 1000

/** The NameID formats that the test identity provider can issue. */
export const nameIDFormats = {
  emailAddress: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
  persistent: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
  transient: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient',
} as const

/** Which elements of a Response carry a signature. */
export const signChoices = ['assertion', 'response', 'both'] as const
export type SignChoice = (typeof signChoices)[number]

/** Who answers, whom, and where to; `in_response_to` is undefined for a login that the provider began. */
export interface ResponseAddress {
  issuer: string
  acs_url: string
  audience: string
  in_response_to: string | undefined
  now: Date
}

/** A Response (SAML Core 3.3.3) that says who signed in, as XML text. */
export function loginResponse(
  address: ResponseAddress,
  user: TestIdPUser,
  options: {
    name_id_format: keyof typeof nameIDFormats
    sign: SignChoice
    encrypt_for?: Recipient | undefined
  },
  key: SigningKey,
): string {
  const assertionID = newID()
  const build = (signature: CanonicalXML) =>
    assertion(assertionID, address, user, options.name_id_format, signature)
  const plain = options.sign === 'response' ? build(nothing) : signed(assertionID, key, build)
  const content = options.encrypt_for ? encryptedAssertion(plain, options.encrypt_for) : plain
  const responseID = newID()
  const wrap = (signature: CanonicalXML) =>
    response(responseID, address, signature, status(['Success']), content)
  return options.sign === 'assertion' ? wrap(nothing) : signed(responseID, key, wrap)
}

/** A signed Response without assertion, as XML text; `codes` are status codes (SAML Core 3.2.2.2), outermost first. */
export function failureResponse(
  address: ResponseAddress,
  codes: [string, string],
  message: string,
  key: SigningKey,
): string {
  const id = newID()
  return signed(id, key, (signature) =>
    response(id, address, signature, status(codes, message), nothing),
  )
}

function response(
  id: string,
  address: ResponseAddress,
  signature: CanonicalXML,
  ...content: CanonicalXML[]
): CanonicalXML {
  const attributes = {
    'xmlns:samlp': PROTOCOL,
    ID: id,
    Version: '2.0',
    IssueInstant: address.now.toISOString(),
    Destination: address.acs_url,
    InResponseTo: address.in_response_to,
  }
  const issuer = element('saml:Issuer', { 'xmlns:saml': ASSERTION }, text(address.issuer))
  return element('samlp:Response', attributes, issuer, signature, ...content)
}

/** SAML Core 2.3.4: the signature of the Assertion is inside, that of the Response is made over this. */
function encryptedAssertion(plain: CanonicalXML, recipient: Recipient): CanonicalXML {
  const data = encryptedData(plain, recipient)
  return element('saml:EncryptedAssertion', { 'xmlns:saml': ASSERTION }, data)
}

function status(codes: string[], message?: string): CanonicalXML {
  const code = codes.reduceRight<CanonicalXML>(
    (inner, name) => element('samlp:StatusCode', { Value: STATUS + name }, inner),
    nothing,
  )
  const explained = message ? element('samlp:StatusMessage', {}, text(message)) : nothing
  return element('samlp:Status', {}, code, explained)
}

function assertion(
  id: string,
  address: ResponseAddress,
  user: TestIdPUser,
  format: keyof typeof nameIDFormats,
  signature: CanonicalXML,
): CanonicalXML {
  const instant = address.now.toISOString()
  const attributes = { 'xmlns:saml': ASSERTION, ID: id, Version: '2.0', IssueInstant: instant }
  return element(
    'saml:Assertion',
    attributes,
    element('saml:Issuer', {}, text(address.issuer)),
    signature,
    subject(id, address, user, format),
    element(
      'saml:Conditions',
      { NotBefore: instant, NotOnOrAfter: later(address.now) },
      element('saml:AudienceRestriction', {}, element('saml:Audience', {}, text(address.audience))),
    ),
    element(
      'saml:AuthnStatement',
      { AuthnInstant: instant, SessionIndex: id },
      element('saml:AuthnContext', {}, element('saml:AuthnContextClassRef', {}, text(PASSWORD))),
    ),
    element('saml:AttributeStatement', {}, ...attributesOf(user)),
  )
}

function subject(
  id: string,
  address: ResponseAddress,
  user: TestIdPUser,
  format: keyof typeof nameIDFormats,
): CanonicalXML {
  const values = { emailAddress: user.email, persistent: user.id, transient: `_transient${id}` }
  const confirmation = {
    InResponseTo: address.in_response_to,
    NotOnOrAfter: later(address.now),
    Recipient: address.acs_url,
  }
  return element(
    'saml:Subject',
    {},
    element('saml:NameID', { Format: nameIDFormats[format] }, text(values[format])),
    element(
      'saml:SubjectConfirmation',
      { Method: BEARER },
      element('saml:SubjectConfirmationData', confirmation),
    ),
  )
}

function attributesOf(user: TestIdPUser): CanonicalXML[] {
  const values: Record<string, string[]> = {
    id: [user.id],
    email: [user.email],
    firstName: [user.given_name],
    lastName: [user.family_name],
    displayName: [user.name],
    department: [user.department],
    groups: user.groups,
  }
  return Object.entries(values)
    .map(([name, all]) => ({ name, present: all.filter((value) => value !== '') }))
    .filter(({ present }) => present.length > 0)
    .map(({ name, present }) =>
      element(
        'saml:Attribute',
        { Name: name, NameFormat: BASIC },
        ...present.map((value) => element('saml:AttributeValue', {}, text(value))),
      ),
    )
}

function later(now: Date): string {
  return new Date(now.getTime() + LIFETIME_MS).toISOString()
}

// Never begins with a digit: an ID is an NCName.
function newID(): string {
  return `_${randomBytes(20).toString('hex')}`
}
