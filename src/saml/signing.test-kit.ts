// An identity provider for the tests of this folder. It shares no code with the verifier: messages
// are string templates, and libxml2 makes the canonical forms that are signed.
import { constants, createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { XmlC14NMode, XmlDocument } from 'libxml2-wasm'

export const NOW = new Date('2026-03-01T12:00:00Z')
export const IDP = 'https://idp.example/metadata'
export const ACS = 'https://sso.example/v1/b2b/sso/callback/saml-connection-test-1'
export const REQUEST_ID = '_request-1'

/** A time relative to NOW, as SAML writes it. */
export function at(seconds: number): string {
  return `${new Date(NOW.getTime() + seconds * 1000).toISOString().slice(0, 19)}Z`
}

export type Fields = typeof DEFAULTS

const DEFAULTS = {
  response_attributes: '',
  response_version: 'Version="2.0"',
  destination: `Destination="${ACS}"`,
  response_in_response_to: `InResponseTo="${REQUEST_ID}"`,
  response_issuer: `<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${IDP}</saml:Issuer>`,
  before_status: '',
  status:
    '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"></samlp:StatusCode></samlp:Status>',
  before_assertion: '',
  after_assertion: '',
  assertion_version: 'Version="2.0"',
  issue_instant: `IssueInstant="${at(-5)}"`,
  assertion_attributes: '',
  issuer: `<saml:Issuer>${IDP}</saml:Issuer>`,
  name_id:
    '<saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">ada@example.com</saml:NameID>',
  method: 'urn:oasis:names:tc:SAML:2.0:cm:bearer',
  confirmation_data: `<saml:SubjectConfirmationData InResponseTo="${REQUEST_ID}" NotOnOrAfter="${at(300)}" Recipient="${ACS}"></saml:SubjectConfirmationData>`,
  confirmations: '',
  conditions_attributes: `NotBefore="${at(-60)}" NotOnOrAfter="${at(300)}"`,
  audience: `<saml:AudienceRestriction><saml:Audience>${ACS}</saml:Audience></saml:AudienceRestriction>`,
  more_conditions: '',
  authn_statement: `<saml:AuthnStatement AuthnInstant="${at(-10)}" SessionIndex="_session-1"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`,
  attributes:
    '<saml:Attribute Name="firstName" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic"><saml:AttributeValue>Ada</saml:AttributeValue></saml:Attribute><saml:Attribute FriendlyName="groups" Name="urn:groups"><saml:AttributeValue>engineering</saml:AttributeValue><saml:AttributeValue>admins</saml:AttributeValue></saml:Attribute>',
  end_of_assertion: '',
}

/** An unsigned Assertion; every part can be replaced. */
export function assertionXML(changes: Partial<Fields> = {}): string {
  const f = { ...DEFAULTS, ...changes }
  const confirmation = `<saml:SubjectConfirmation Method="${f.method}">${f.confirmation_data}</saml:SubjectConfirmation>`
  const statement =
    f.attributes === '' ? '' : `<saml:AttributeStatement>${f.attributes}</saml:AttributeStatement>`
  return `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_assertion-1" ${f.issue_instant} ${f.assertion_version}${f.assertion_attributes}>${f.issuer}<saml:Subject>${f.name_id}${f.confirmations === '' ? confirmation : f.confirmations}</saml:Subject><saml:Conditions ${f.conditions_attributes}>${f.audience}${f.more_conditions}</saml:Conditions>${f.authn_statement}${statement}${f.end_of_assertion}</saml:Assertion>`
}

/** An unsigned Response around an Assertion (or around `assertion`, if given). */
export function responseXML(changes: Partial<Fields> = {}, assertion?: string): string {
  const f = { ...DEFAULTS, ...changes }
  return `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_response-1" ${f.response_version} IssueInstant="${at(-5)}" ${f.destination} ${f.response_in_response_to}${f.response_attributes}>${f.response_issuer}${f.before_status}${f.status}${f.before_assertion}${assertion ?? assertionXML(changes)}${f.after_assertion}</samlp:Response>`
}

const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
const MORE_2007 = 'http://www.w3.org/2007/05/xmldsig-more#'

const ALGORITHMS = {
  'rsa-sha1': ['http://www.w3.org/2000/09/xmldsig#rsa-sha1', 'sha1'],
  'rsa-sha256': [`${MORE}rsa-sha256`, 'sha256'],
  'rsa-sha384': [`${MORE}rsa-sha384`, 'sha384'],
  'rsa-sha512': [`${MORE}rsa-sha512`, 'sha512'],
  'sha256-rsa-MGF1': [`${MORE_2007}sha256-rsa-MGF1`, 'sha256'],
  'sha384-rsa-MGF1': [`${MORE_2007}sha384-rsa-MGF1`, 'sha384'],
  'sha512-rsa-MGF1': [`${MORE_2007}sha512-rsa-MGF1`, 'sha512'],
  'ecdsa-sha256': [`${MORE}ecdsa-sha256`, 'sha256'],
  'ecdsa-sha384': [`${MORE}ecdsa-sha384`, 'sha384'],
  'ecdsa-sha512': [`${MORE}ecdsa-sha512`, 'sha512'],
} as const

const DIGESTS = {
  sha1: 'http://www.w3.org/2000/09/xmldsig#sha1',
  sha256: 'http://www.w3.org/2001/04/xmlenc#sha256',
  sha384: `${MORE}sha384`,
  sha512: 'http://www.w3.org/2001/04/xmlenc#sha512',
}

export type Signer = { privateKey: KeyObject; publicKey: KeyObject }

export type SignOptions = {
  signer?: Signer
  algorithm?: keyof typeof ALGORITHMS
  digest?: keyof typeof DIGESTS
  /** PrefixList of the Reference */
  prefixes?: string[]
  /** what stands after SignatureValue, for example a KeyInfo */
  after?: string
  /** prefix of the signature's own elements; '' for a default namespace */
  prefix?: string
  /** changes the Signature before SignedInfo is signed; the value is still {{VALUE}} */
  edit?: (signature: string) => string
  /** changes the value after it was computed */
  editValue?: (value: string) => string
  /** which element, if local names repeat */
  path?: string
  der?: boolean
}

export const idp = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const attacker = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
export const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' })

function canonical(document: string, path: string, prefixes: string[]): string {
  const parsed = XmlDocument.fromString(document)
  try {
    const node = parsed.get(path)
    if (node === null) throw new Error(`no ${path}`)
    return node.canonicalizeToString({
      mode: XmlC14NMode.XML_C14N_EXCLUSIVE_1_0,
      inclusiveNamespacePrefixes: prefixes,
    })
  } finally {
    parsed.dispose()
  }
}

/** Puts an enveloped signature into the Response or Assertion, after its Issuer. */
export function signed(
  document: string,
  local: 'Response' | 'Assertion',
  options: SignOptions = {},
): string {
  const { algorithm = 'rsa-sha256', digest = ALGORITHMS[algorithm][1], prefixes = [] } = options
  const path = options.path ?? `(//*[local-name()="${local}"])[1]`
  const bytes = canonical(document, path, prefixes)
  const value = createHash(digest).update(bytes).digest('base64')
  const id = /\bID=["']([^"']*)["']/.exec(bytes)?.[1] ?? ''
  const template = (options.edit ?? ((xml) => xml))(
    signatureXML(id, value, algorithm, digest, options),
  )
  const start = document.search(new RegExp(`<[A-Za-z0-9]*:?${local}[\\s>]`))
  const issuer = /<\/[A-Za-z0-9]*:?Issuer>/g
  issuer.lastIndex = start
  const end = issuer.exec(document) === null ? document.indexOf('>', start) + 1 : issuer.lastIndex
  const placed = document.slice(0, end) + template + document.slice(end)
  const signature = template.slice(0, template.indexOf('>'))
  if (!template.includes('{{VALUE}}') || signature === '') return placed
  const signedInfo = canonical(
    placed,
    '//*[local-name()="SignatureValue" and .="{{VALUE}}"]/preceding-sibling::*[local-name()="SignedInfo"][1]',
    [],
  )
  const signatureValue = signBytes(signedInfo, options)
  return placed.replace('{{VALUE}}', () => (options.editValue ?? ((v) => v))(signatureValue))
}

function signBytes(
  bytes: string,
  { signer = idp, algorithm = 'rsa-sha256', der }: SignOptions,
): string {
  const hash = ALGORITHMS[algorithm][1]
  const key = signer.privateKey
  const pss = {
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  }
  const extra = algorithm.includes('MGF1') ? pss : {}
  const encoding =
    algorithm.startsWith('ecdsa') && !der ? ({ dsaEncoding: 'ieee-p1363' } as const) : {}
  return sign(hash, Buffer.from(bytes), { key, ...extra, ...encoding }).toString('base64')
}

function signatureXML(
  id: string,
  digestValue: string,
  algorithm: keyof typeof ALGORITHMS,
  digest: keyof typeof DIGESTS,
  { prefixes = [], after = '', prefix = 'ds' }: SignOptions,
): string {
  const p = prefix === '' ? '' : `${prefix}:`
  const xmlns = prefix === '' ? 'xmlns' : `xmlns:${prefix}`
  const inclusive =
    prefixes.length === 0
      ? ''
      : `<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="${prefixes.join(' ')}"/>`
  return `<${p}Signature ${xmlns}="http://www.w3.org/2000/09/xmldsig#"><${p}SignedInfo><${p}CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><${p}SignatureMethod Algorithm="${ALGORITHMS[algorithm][0]}"/><${p}Reference URI="#${id}"><${p}Transforms><${p}Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/><${p}Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">${inclusive}</${p}Transform></${p}Transforms><${p}DigestMethod Algorithm="${DIGESTS[digest]}"/><${p}DigestValue>${digestValue}</${p}DigestValue></${p}Reference></${p}SignedInfo><${p}SignatureValue>{{VALUE}}</${p}SignatureValue>${after}</${p}Signature>`
}

/** The KeyInfo with a certificate in PEM. */
export function keyInfo(pem: string): string {
  const body = pem.replace(/-----[A-Z ]+-----|\s/g, '')
  return `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${body}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`
}

/** The form field. */
export function encode(xml: string): string {
  return Buffer.from(xml).toString('base64')
}
