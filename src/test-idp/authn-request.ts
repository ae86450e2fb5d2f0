import { inflateRawSync } from 'node:zlib'
import { SaxesParser, type SaxesTagNS } from 'saxes'
import { TestIdPError } from './error.ts'

const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol'
const ASSERTION = 'urn:oasis:names:tc:SAML:2.0:assertion'
const HTTP_POST = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST'
const MOST_BYTES = 64 * 1024

/** What an AuthnRequest (SAML Core 3.4.1) asks for. Its signature is not looked at. */
export interface AuthnRequest {
  id: string
  issuer: string
  acs_url: string
  destination: string | undefined
  name_id: string | undefined
  name_id_format: string | undefined
  force_authn: boolean
  is_passive: boolean
}

/** Reads the SAMLRequest of the HTTP-Redirect binding: deflated, then base64. Throws TestIdPError. */
export function readRedirectRequest(encoded: string): AuthnRequest {
  return parseAuthnRequest(inflate(decodeBase64(encoded)).toString('utf8'))
}

/** Reads the SAMLRequest of the HTTP-POST binding: base64 only. Throws TestIdPError. */
export function readPostRequest(encoded: string): AuthnRequest {
  return parseAuthnRequest(decodeBase64(encoded).toString('utf8'))
}

function decodeBase64(encoded: string): Buffer {
  const compact = encoded.replaceAll(/\s/g, '')
  if (compact.length > MOST_BYTES) throw new TestIdPError('The SAMLRequest is too large.')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) {
    throw new TestIdPError('The SAMLRequest is missing or not base64.')
  }
  return Buffer.from(compact, 'base64')
}

function inflate(deflated: Buffer): Buffer {
  try {
    return inflateRawSync(deflated, { maxOutputLength: MOST_BYTES })
  } catch {
    throw new TestIdPError(
      'The SAMLRequest could not be inflated. The HTTP-Redirect binding takes raw DEFLATE, then base64.',
    )
  }
}

/** The elements of an AuthnRequest that are looked at, by their place below the root. */
interface Collected {
  root?: SaxesTagNS
  name_id_policy?: SaxesTagNS
  texts: Record<string, string>
}

function collect(xml: string): Collected {
  const found: Collected = { texts: {} }
  const path: string[] = []
  const parser = new SaxesParser({ xmlns: true })
  parser.on('doctype', () => {
    throw new TestIdPError('The AuthnRequest has a document type declaration.')
  })
  parser.on('error', (error) => {
    throw new TestIdPError(`The AuthnRequest is not well-formed XML: ${error.message}`)
  })
  parser.on('opentag', (tag) => {
    if (path.length === 0) found.root = tag
    path.push(`{${tag.uri}}${tag.local}`)
    if (path.length === 2 && path[1] === `{${PROTOCOL}}NameIDPolicy`) found.name_id_policy = tag
  })
  const addText = (text: string) => {
    const key = path.slice(1).join('')
    found.texts[key] = (found.texts[key] ?? '') + text
  }
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('closetag', () => {
    path.pop()
  })
  parser.write(xml).close()
  return found
}

function parseAuthnRequest(xml: string): AuthnRequest {
  const { root, name_id_policy, texts } = collect(xml)
  if (root?.uri !== PROTOCOL || root.local !== 'AuthnRequest') {
    throw new TestIdPError(`Expected a SAML 2.0 AuthnRequest, got <${root?.name ?? ''}>.`)
  }
  const id = attribute(root, 'ID')
  const acs_url = attribute(root, 'AssertionConsumerServiceURL')
  const issuer = texts[`{${ASSERTION}}Issuer`]?.trim()
  if (!id) throw new TestIdPError('The AuthnRequest has no ID.')
  if (!issuer) throw new TestIdPError('The AuthnRequest has no Issuer.')
  if (!acs_url) {
    throw new TestIdPError(
      'The AuthnRequest has no AssertionConsumerServiceURL. The test identity provider knows no service provider metadata, so it needs one.',
    )
  }
  const binding = attribute(root, 'ProtocolBinding')
  if (binding && binding !== HTTP_POST) {
    throw new TestIdPError(
      `Responses are sent by HTTP-POST only, the AuthnRequest wants ${binding}.`,
    )
  }
  return {
    id,
    issuer,
    acs_url,
    destination: attribute(root, 'Destination'),
    name_id: texts[`{${ASSERTION}}Subject{${ASSERTION}}NameID`]?.trim() || undefined,
    name_id_format: name_id_policy && attribute(name_id_policy, 'Format'),
    force_authn: isTrue(attribute(root, 'ForceAuthn')),
    is_passive: isTrue(attribute(root, 'IsPassive')),
  }
}

function attribute(tag: SaxesTagNS, name: string): string | undefined {
  return tag.attributes[name]?.value || undefined
}

function isTrue(value: string | undefined): boolean {
  return value === 'true' || value === '1'
}
