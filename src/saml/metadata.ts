import { escapeAttribute, escapeText } from './c14n.ts'
import { readVerificationCertificate } from './certificates.ts'
import { printable, SAMLError, type SAMLErrorType } from './checks.ts'
import { decodeUTF8 } from './encoding.ts'
import { parseInstant } from './instants.ts'
import { DSIG, METADATA, PROTOCOL, XENC, XENC11 } from './namespaces.ts'
import { MAX_METADATA_BYTES, parseXML } from './xml.ts'
import {
  attributeValue,
  childrenNamed,
  isElement,
  textContent,
  trimXML,
  type XMLElement,
  XMLError,
} from './xml-tree.ts'

/** What an identity provider's metadata says about signing in. */
export type IdPMetadata = {
  entity_id: string
  sso_url: string
  sso_binding: 'redirect' | 'post'
  /** PEM, in document order, without repetition */
  certificates: readonly string[]
  nameid_formats: readonly string[]
  want_authn_requests_signed: boolean
  /** the earliest validUntil on the way to it; null where there is none. Whether it has passed is not looked at */
  valid_until: Date | null
}

type Options = { entity_id?: string; allow_http?: boolean }

const BINDINGS = 'urn:oasis:names:tc:SAML:2.0:bindings:'
const MAX_ENTITY_ID = 1024
const MAX_URL = 2048
// printable ASCII without what a header or an attribute could trip over; a browser takes https:x/y for
// a path of the page that it is on
const PLAIN_URL = /^https?:\/\/[!#-;=?-[\]-~]+$/i

/**
 * Reads the metadata of one identity provider (Metadata 2.0). Comments are dropped, the signature is
 * not looked at. In an EntitiesDescriptor there must be one identity provider, or `entity_id` says
 * which. Throws SAMLError `invalid_xml_from_saml_metadata_url` when it is not XML that we accept,
 * and `saml_connection_metadata_invalid_format` when something in it is missing or unusable.
 */
export function parseIdPMetadata(bytes: Uint8Array, options: Options = {}): IdPMetadata {
  const { entity, descriptor } = chooseEntity(readDocument(bytes), options)
  const entity_id = attributeValue(entity, 'entityID') ?? ''
  if (entity_id === '' || entity_id.length > MAX_ENTITY_ID) refuse('It has no usable entityID.')
  const wants = attributeValue(descriptor, 'WantAuthnRequestsSigned')
  return {
    entity_id,
    ...readSSOService(descriptor, options.allow_http === true),
    certificates: readCertificates(descriptor),
    nameid_formats: childrenNamed(descriptor, METADATA, 'NameIDFormat')
      .map((format) => trimXML(textContent(format) ?? ''))
      .filter((format) => format !== ''),
    want_authn_requests_signed: wants === 'true' || wants === '1',
    valid_until: readValidUntil(descriptor),
  }
}

/** Of the role, its entity and what encloses that (Metadata 2.3.1, 2.3.2, 2.4.1). */
function readValidUntil(descriptor: XMLElement): Date | null {
  let earliest: number | null = null
  for (let element: XMLElement | null = descriptor; element; element = element.parent) {
    const text = attributeValue(element, 'validUntil')
    if (text === null) continue
    const time = parseInstant(text) ?? Date.parse(text)
    if (Number.isNaN(time)) refuse('Its validUntil is not a time.')
    earliest = Math.min(earliest ?? time, time)
  }
  return earliest === null ? null : new Date(earliest)
}

function readDocument(bytes: Uint8Array): XMLElement {
  try {
    if (bytes.length > MAX_METADATA_BYTES) throw new XMLError('size', 'It is larger than 1 MiB.')
    return parseXML(decodeUTF8(bytes), { comments: true, max_length: MAX_METADATA_BYTES })
  } catch (error) {
    if (!(error instanceof XMLError)) throw error
    return refuse(error.message, 'invalid_xml_from_saml_metadata_url')
  }
}

type Entity = { entity: XMLElement; descriptor: XMLElement }

function chooseEntity(root: XMLElement, { entity_id }: Options): Entity {
  const entities: Entity[] = []
  collectEntities(root, entities)
  const wanted =
    entity_id === undefined
      ? entities
      : entities.filter(({ entity }) => attributeValue(entity, 'entityID') === entity_id)
  const [first] = wanted
  if (first === undefined) {
    const of = entity_id === undefined ? '' : ` with the entity ID ${printable(entity_id)}`
    return refuse(`It describes no SAML 2.0 identity provider${of}.`)
  }
  if (wanted.length > 1) refuse('It describes several identity providers; use the address of one.')
  return first
}

function collectEntities(element: XMLElement, found: Entity[]): void {
  if (isElement(element, METADATA, 'EntityDescriptor')) {
    for (const descriptor of childrenNamed(element, METADATA, 'IDPSSODescriptor')) {
      const protocols = attributeValue(descriptor, 'protocolSupportEnumeration') ?? ''
      if (protocols.split(/[ \t\r\n]+/).includes(PROTOCOL)) {
        found.push({ entity: element, descriptor })
      }
    }
  } else if (isElement(element, METADATA, 'EntitiesDescriptor')) {
    for (const child of element.children) {
      if (typeof child !== 'string') collectEntities(child, found)
    }
  }
}

function readSSOService(
  descriptor: XMLElement,
  allowHTTP: boolean,
): Pick<IdPMetadata, 'sso_url' | 'sso_binding'> {
  const services = childrenNamed(descriptor, METADATA, 'SingleSignOnService')
  for (const [sso_binding, name] of [
    ['redirect', 'HTTP-Redirect'] as const,
    ['post', 'HTTP-POST'] as const,
  ]) {
    const service = services.find((one) => attributeValue(one, 'Binding') === `${BINDINGS}${name}`)
    const sso_url = service === undefined ? null : attributeValue(service, 'Location')
    if (sso_url === null) continue
    if (!isUsableURL(sso_url, allowHTTP)) {
      refuse('The address of its SingleSignOnService is not a plain https address.')
    }
    return { sso_url, sso_binding }
  }
  return refuse('It has no SingleSignOnService with the HTTP-Redirect or HTTP-POST binding.')
}

function isUsableURL(text: string, allowHTTP: boolean): boolean {
  const url = text.length > MAX_URL || !PLAIN_URL.test(text) ? null : URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '') return false
  return url.protocol === 'https:' || (allowHTTP && url.protocol === 'http:')
}

function readCertificates(descriptor: XMLElement): string[] {
  const certificates = new Set<string>()
  let reason = 'It has no certificate for signing.'
  for (const key of childrenNamed(descriptor, METADATA, 'KeyDescriptor')) {
    const use = attributeValue(key, 'use')
    if (use !== null && use !== 'signing') continue
    // a KeyDescriptor is one key: further certificates in it are its chain, which is not trusted
    const [data] = childrenNamed(key, DSIG, 'KeyInfo').flatMap((info) =>
      childrenNamed(info, DSIG, 'X509Data'),
    )
    const [element] = data === undefined ? [] : childrenNamed(data, DSIG, 'X509Certificate')
    if (element === undefined) continue
    try {
      certificates.add(readVerificationCertificate(textContent(element) ?? '').pem)
    } catch (error) {
      if (!(error instanceof SAMLError)) throw error
      reason = `Its certificate cannot be used. ${error.message}`
    }
  }
  return certificates.size === 0 ? refuse(reason) : [...certificates]
}

function refuse(
  reason: string,
  error_type: SAMLErrorType = 'saml_connection_metadata_invalid_format',
): never {
  const actual = printable(reason)
  throw new SAMLError(error_type, `The metadata cannot be used. ${actual}`, [
    {
      name: 'idp_metadata',
      verdict: 'fail',
      expected: 'SAML 2.0 metadata of one identity provider',
      actual,
      fix: {
        who: 'it_admin',
        what: 'Give the federation metadata address (or file) that the identity provider shows for this application.',
      },
    },
  ])
}

/** Input of {@link writeSPMetadata}. */
export type SPMetadataInput = {
  audience_uri: string
  acs_url: string
  nameid_format: string
  /** PEM; the one in use is the last (Keycloak's importer keeps only the last) */
  signing_certificates: readonly string[]
  /** PEM; who imports this encrypts assertions for it */
  encryption_certificate?: string
}

/** Writes the metadata that an identity provider imports for one connection (Metadata 2.0, 2.4.4). */
export function writeSPMetadata(input: SPMetadataInput): string {
  const { encryption_certificate } = input
  const keys = input.signing_certificates.map((pem) => keyDescriptor('signing', pem))
  if (encryption_certificate !== undefined) {
    keys.push(keyDescriptor('encryption', encryption_certificate, ENCRYPTION_METHODS))
  }
  return `<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="${METADATA}" entityID="${escapeAttribute(input.audience_uri)}">
  <md:SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true" protocolSupportEnumeration="${PROTOCOL}">${keys.join('')}
    <md:NameIDFormat>${escapeText(input.nameid_format)}</md:NameIDFormat>
    <md:AssertionConsumerService Binding="${BINDINGS}HTTP-POST" Location="${escapeAttribute(input.acs_url)}" index="0" isDefault="true"/>
  </md:SPSSODescriptor>
</md:EntityDescriptor>
`
}

// what we would rather have, of what is accepted (Metadata 2.4.1.1)
const ENCRYPTION_METHODS = [`${XENC11}aes256-gcm`, `${XENC}rsa-oaep-mgf1p`]

function keyDescriptor(use: string, pem: string, methods: readonly string[] = []): string {
  const hints = methods.map(
    (uri) => `
      <md:EncryptionMethod Algorithm="${uri}"/>`,
  )
  return `
    <md:KeyDescriptor use="${use}">
      <ds:KeyInfo xmlns:ds="${DSIG}">
        <ds:X509Data>
          <ds:X509Certificate>${pem.replace(/-----[A-Z ]+-----|\s/g, '')}</ds:X509Certificate>
        </ds:X509Data>
      </ds:KeyInfo>${hints.join('')}
    </md:KeyDescriptor>`
}
