/** For tests: a SAML identity provider that says whatever a test tells it to, signed with any key. */
import { randomBytes } from 'node:crypto'
import { inflateRawSync } from 'node:zlib'
import type { TestProject } from '../../tests/harness.ts'
import { base_url, connectSAML } from '../../tests/login.ts'
import {
  attacker,
  encode,
  type Fields,
  IDP,
  idp,
  responseXML,
  type SignOptions,
  signed,
} from '../saml/signing.test-kit.ts'
import { selfSignedCertificate } from '../test-idp/certificate.ts'
import type { Submission } from '../test-idp/press-button.ts'

export const formats = {
  email: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
  persistent: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
  transient: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient',
}

export const certificate = selfSignedCertificate('idp.example', idp, new Date())
export const otherCertificate = selfSignedCertificate('idp.example', attacker, new Date())

export const mapping = { email: 'email', first_name: 'firstName', last_name: 'lastName' }

/** An active connection at this identity provider; returns its id. */
export function connectIdP(
  project: TestProject,
  organization_id: string,
  changes: Record<string, unknown> = {},
): Promise<string> {
  return connectSAML(project, organization_id, {
    idp_entity_id: IDP,
    idp_sso_url: 'https://idp.example/sso',
    x509_certificate: certificate,
    attribute_mapping: mapping,
    ...changes,
  })
}

export interface Person {
  name_id?: string
  format?: string
  /** By name; a list of pairs may repeat one. */
  attributes?: Record<string, string | string[]> | [string, string[]][]
}

export interface Answer extends Person {
  /** Replaces parts of the message. */
  fields?: Partial<Fields>
  /** Changes the message before it is signed, or after. */
  edit?: (xml: string) => string
  tamper?: (xml: string) => string
  sign?: 'Response' | 'Assertion' | 'nothing'
  signature?: SignOptions
  relay_state?: string | null
  /** The identity provider's clock. */
  now?: Date
  /** By how many seconds it is ahead, where `now` is not given. */
  ahead?: number
  base_url?: string
}

const ada: Required<Person> = {
  name_id: 'ada@acme.test',
  format: formats.email,
  attributes: { email: 'ada@acme.test', firstName: 'Ada', lastName: 'Lovelace' },
}

function attributesXML(attributes: Required<Person>['attributes']): string {
  const pairs = Array.isArray(attributes)
    ? attributes
    : Object.entries(attributes).map(([name, values]) => [name, [values].flat()] as const)
  return pairs
    .map(([name, values]) => {
      const inner = values.map((v) => `<saml:AttributeValue>${v}</saml:AttributeValue>`).join('')
      return `<saml:Attribute Name="${name}">${inner}</saml:Attribute>`
    })
    .join('')
}

/** The AuthnRequest that a start sent the browser away with. */
export function authnRequest(started: Response) {
  const url = new URL(started.headers.get('location')!)
  const message = Buffer.from(url.searchParams.get('SAMLRequest')!, 'base64')
  const xml = inflateRawSync(message).toString()
  return {
    url,
    xml,
    id: / ID="([^"]+)"/.exec(xml)![1]!,
    relay_state: url.searchParams.get('RelayState')!,
  }
}

/** What the browser posts to the ACS; `started` is null where the login begins at the identity provider. */
export function respond(
  connection_id: string,
  started: Response | null,
  answer: Answer = {},
): Submission {
  const request = started && authnRequest(started)
  const acs = `${answer.base_url ?? base_url}/v1/b2b/sso/callback/${connection_id}`
  const person = { ...ada, ...answer }
  const now = answer.now?.getTime() ?? Date.now() + (answer.ahead ?? 0) * 1000
  const at = (seconds: number) => new Date(now + seconds * 1000).toISOString()
  const answering = request ? `InResponseTo="${request.id}"` : ''
  const fields: Partial<Fields> = {
    destination: `Destination="${acs}"`,
    response_in_response_to: answering,
    issue_instant: `IssueInstant="${at(-5)}"`,
    name_id: `<saml:NameID Format="${person.format}">${person.name_id}</saml:NameID>`,
    confirmation_data: `<saml:SubjectConfirmationData ${answering} NotOnOrAfter="${at(300)}" Recipient="${acs}"></saml:SubjectConfirmationData>`,
    conditions_attributes: `NotBefore="${at(-60)}" NotOnOrAfter="${at(300)}"`,
    audience: `<saml:AudienceRestriction><saml:Audience>${acs}</saml:Audience></saml:AudienceRestriction>`,
    authn_statement: authnStatement(at(-10)),
    attributes: attributesXML(person.attributes),
    ...answer.fields,
  }
  const id = `_${randomBytes(16).toString('hex')}`
  const plain = responseXML(fields).replaceAll('_assertion-1', id)
  const xml = (answer.edit ?? same)(plain)
  const sign = answer.sign ?? 'Assertion'
  const whole = sign === 'nothing' ? xml : signed(xml, sign, answer.signature)
  const form = new URLSearchParams({ SAMLResponse: encode((answer.tamper ?? same)(whole)) })
  const relay_state = answer.relay_state === undefined ? request?.relay_state : answer.relay_state
  if (relay_state) form.set('RelayState', relay_state)
  return { action: acs, method: 'POST', fields: form }
}

export function authnStatement(instant: string, session_not_on_or_after = ''): string {
  const end =
    session_not_on_or_after === '' ? '' : ` SessionNotOnOrAfter="${session_not_on_or_after}"`
  return `<saml:AuthnStatement AuthnInstant="${instant}"${end}><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`
}

function same(xml: string): string {
  return xml
}
