/**
 * attacks/ is an identity provider that also lies: honest answers in every layout, and every known way
 * to forge one, as data. It shares no code with src/saml/: messages are string templates, libxml2 makes
 * what is signed. This file: one login at it, and the parts that its answers are made of.
 */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { XmlC14NMode, XmlDocument } from 'libxml2-wasm'
import {
  assertionXML,
  attacker,
  type Fields,
  IDP,
  idp,
  keyInfo,
  p256,
  p384,
  p521,
  responseXML,
  type Signer,
  type SignOptions,
  signed,
} from '../../src/saml/signing.test-kit.ts'
import { selfSignedCertificate } from '../../src/test-idp/certificate.ts'

/** Who signs in at the identity provider, and who they would like to be. */
export const GENUINE = 'mallory@evil.example'
export const FORGED = 'admin@victim.example'
/** An address that the identity provider itself signed, where it should not be read. */
export const OTHER = 'other@victim.example'

export const ASSERTION = 'urn:oasis:names:tc:SAML:2.0:assertion'
export const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol'
export const DSIG = 'http://www.w3.org/2000/09/xmldsig#'

/** A certificate of any key; RSA signs it, which nobody checks. */
function certificateOf({ publicKey }: Signer, name = 'idp.example'): string {
  return selfSignedCertificate(name, { publicKey, privateKey: idp.privateKey }, new Date())
}

/** What the connection trusts, and what it does not. */
export const certificates = {
  trusted: [idp, p256, p384, p521].map((signer) => certificateOf(signer)),
  attacker: certificateOf(attacker),
}
export const keyInfoOf = {
  idp: keyInfo(certificates.trusted[0]!),
  attacker: keyInfo(certificates.attacker),
}

/** What the service asked for. */
export interface Asked {
  acs: string
  audience: string
  request_id: string
  now: Date
}

/** One login at the identity provider; every part of its answer is made when it is first asked for. */
export class Exchange {
  readonly asked: Asked
  readonly assertion_id = `_a${randomBytes(16).toString('hex')}`
  readonly issuer = IDP
  #genuine = ''
  #genuineResponse = ''

  constructor(asked: Asked) {
    this.asked = asked
  }

  /** A time from now, as SAML writes it. */
  at(seconds: number): string {
    return `${new Date(this.asked.now.getTime() + seconds * 1000).toISOString().slice(0, 19)}Z`
  }

  confirmation(attributes: Record<string, string | null> = {}): string {
    const all = {
      InResponseTo: this.asked.request_id,
      NotOnOrAfter: this.at(300),
      Recipient: this.asked.acs,
      ...attributes,
    }
    const text = Object.entries(all)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => ` ${name}="${value}"`)
    return `<saml:SubjectConfirmationData${text.join('')}></saml:SubjectConfirmationData>`
  }

  #fields(changes: Partial<Fields>): Partial<Fields> {
    const { acs, audience, request_id } = this.asked
    return {
      destination: `Destination="${acs}"`,
      response_in_response_to: `InResponseTo="${request_id}"`,
      issue_instant: `IssueInstant="${this.at(-5)}"`,
      name_id: nameID(GENUINE),
      confirmation_data: this.confirmation(),
      conditions_attributes: `NotBefore="${this.at(-60)}" NotOnOrAfter="${this.at(300)}"`,
      audience: audiences([audience]),
      authn_statement: this.authnStatement(),
      attributes: attributes({ email: [GENUINE], firstName: ['Mallory'], lastName: ['Evil'] }),
      ...changes,
    }
  }

  authnStatement(more = ''): string {
    return `<saml:AuthnStatement AuthnInstant="${this.at(-10)}" SessionIndex="_session"${more}><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`
  }

  /** An Assertion that nobody signed. */
  assertion(changes: Partial<Fields> = {}): string {
    return this.#named(assertionXML(this.#fields(changes)))
  }

  /** A Response that nobody signed, around an Assertion that nobody signed, or around `assertion`. */
  response(changes: Partial<Fields> = {}, assertion?: string): string {
    return this.#named(responseXML(this.#fields(changes), assertion))
  }

  #named(xml: string): string {
    return xml
      .replaceAll('_assertion-1', this.assertion_id)
      .replace(/(ID="_response-1".*?)IssueInstant="[^"]*"/, `$1IssueInstant="${this.at(-5)}"`)
  }

  /** The honest answer with a signed Assertion. */
  get genuine(): string {
    this.#genuine ||= signed(this.response(), 'Assertion')
    return this.#genuine
  }

  /** The honest answer with a signed Response. */
  get genuineResponse(): string {
    this.#genuineResponse ||= signed(this.response(), 'Response')
    return this.#genuineResponse
  }

  /** The signed Assertion, its signature, and it without. */
  get signedAssertion(): string {
    return elementOf(this.genuine, 'saml:Assertion')
  }
  get signature(): string {
    return elementOf(this.genuine, 'ds:Signature')
  }
  get bareAssertion(): string {
    return this.signedAssertion.replace(this.signature, '')
  }

  /** The signature of the Response, and the Response without. */
  get responseSignature(): string {
    return elementOf(this.genuineResponse, 'ds:Signature')
  }
  get bareResponse(): string {
    return this.genuineResponse.replace(this.responseSignature, '')
  }

  /** An Assertion of the attacker's with another ID, with something inside at its end. */
  forged(insert = '', changes: Partial<Fields> = {}): string {
    const xml = forge(this.assertion(changes)).replace(this.assertion_id, '_forged')
    return xml.replace('</saml:Assertion>', () => `${insert}</saml:Assertion>`)
  }

  /** The same with the ID of the honest one. */
  forgedSameID(): string {
    return forge(this.assertion())
  }

  /** A Response of the attacker's with something after its Issuer. */
  forgedResponse(insert = ''): string {
    const xml = this.response({}, this.forged()).replace('_response-1', '_forged-response')
    return afterIssuer(xml, insert)
  }
}

export function nameID(
  name: string,
  format = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
): string {
  return `<saml:NameID Format="${format}">${name}</saml:NameID>`
}

export function attributes(named: Record<string, readonly string[]>): string {
  return Object.entries(named)
    .map(([name, values]) => attribute(name, ...values))
    .join('')
}

export function attribute(name: string, ...values: string[]): string {
  const inner = values.map((value) => `<saml:AttributeValue>${value}</saml:AttributeValue>`)
  return `<saml:Attribute Name="${name}">${inner.join('')}</saml:Attribute>`
}

export function audiences(...restrictions: string[][]): string {
  return restrictions
    .map((names) => names.map((name) => `<saml:Audience>${name}</saml:Audience>`).join(''))
    .map((inner) => `<saml:AudienceRestriction>${inner}</saml:AudienceRestriction>`)
    .join('')
}

export function forge(xml: string): string {
  return xml.replaceAll(GENUINE, FORGED)
}

/** The first element of this name, with everything in it. */
export function elementOf(xml: string, name: string): string {
  const start = xml.search(new RegExp(`<${name}[ >]`))
  const end = xml.indexOf(`</${name}>`, start)
  if (start < 0 || end < 0) throw new Error(`no ${name}`)
  return xml.slice(start, end + name.length + 3)
}

/** Replaces what must be there. */
export function replace(xml: string, from: string | RegExp, to: string): string {
  const changed = xml.replace(from, () => to)
  if (changed === xml) throw new Error(`nothing to replace: ${from}`)
  return changed
}

export function afterIssuer(xml: string, insert: string): string {
  return xml.replace('</saml:Issuer>', () => `</saml:Issuer>${insert}`)
}

/** A signature with something more at its end. */
export function inSignature(signature: string, content: string): string {
  return replace(signature, '</ds:Signature>', `${content}</ds:Signature>`)
}

export function object(content: string): string {
  return `<ds:Object>${content}</ds:Object>`
}

/** Signs the root element, whatever it is called. */
export function signRoot(xml: string, local: string, options: SignOptions = {}): string {
  return signed(xml, local as 'Response', { path: '/*', ...options })
}

/** Signs the one Assertion of a Response. */
export function signAssertion(xml: string, options: SignOptions = {}): string {
  return signed(xml, 'Assertion', options)
}

/** SHA-256 of the exclusive canonical form of the first element that the path finds. */
export function digestOf(xml: string, path: string): string {
  return createHash('sha256').update(canonical(xml, path)).digest('base64')
}

/** Exclusive canonical XML as libxml2 makes it. */
export function canonical(xml: string, path: string): string {
  const document = XmlDocument.fromString(xml)
  try {
    const node = document.get(path)
    if (node === null) throw new Error(`no ${path}`)
    return node.canonicalizeToString({ mode: XmlC14NMode.XML_C14N_EXCLUSIVE_1_0 })
  } finally {
    document.dispose()
  }
}

/** A key pair that no connection knows. */
export const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
