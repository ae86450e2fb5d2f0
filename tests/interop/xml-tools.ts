/** What others make of our XML: libxml2 with the OASIS schemas, xmlsec1 and OpenSSL, as programs of Debian. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attempt, run } from './command.ts'
import { ensurePackages, versions } from './install.ts'
import { atEnd } from './portcullis.ts'

const packages = ['libxml2-utils', 'opensaml-schemas', 'xmltooling-schemas', 'xmlsec1', 'openssl']
const schemas = '/usr/share/xml/opensaml'
const ASSERTION = 'urn:oasis:names:tc:SAML:2.0:assertion'
const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol'

/** Where the schemas that the OASIS ones import lie on this machine. */
const catalog = `<?xml version="1.0"?>
<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">
  <system systemId="http://www.w3.org/TR/2002/REC-xmldsig-core-20020212/xmldsig-core-schema.xsd" uri="file:///usr/share/xml/xmltooling/xmldsig-core-schema.xsd"/>
  <system systemId="http://www.w3.org/TR/2002/REC-xmlenc-core-20021210/xenc-schema.xsd" uri="file:///usr/share/xml/xmltooling/xenc-schema.xsd"/>
  <system systemId="http://www.w3.org/2001/xml.xsd" uri="file:///usr/share/xml/xmltooling/xml.xsd"/>
</catalog>
`

let prepared: Promise<string> | undefined
let count = 0

/** Installs the programs and makes a folder for what they read, once a run. */
function prepare(): Promise<string> {
  prepared ??= (async () => {
    await ensurePackages(packages)
    console.log(`# ${(await versions(packages)).join(', ')}`)
    const folder = await mkdtemp(join(tmpdir(), 'portcullis-xml-'))
    atEnd(() => rm(folder, { recursive: true, force: true }))
    await writeFile(join(folder, 'catalog.xml'), catalog)
    return folder
  })()
  return prepared
}

async function fileOf(content: string | Uint8Array): Promise<string> {
  const file = join(await prepare(), `file-${++count}`)
  await writeFile(file, content)
  return file
}

type Schema = 'protocol' | 'metadata'

/** Whether xmllint finds a document valid by an OASIS schema, and what it says. */
export async function validate(schema: Schema, xml: string) {
  const folder = await prepare()
  const file = await fileOf(xml)
  const xsd = join(schemas, `saml-schema-${schema}-2.0.xsd`)
  const env = { ...process.env, XML_CATALOG_FILES: join(folder, 'catalog.xml') }
  const args = ['--nonet', '--noout', '--schema', xsd, file]
  return valid(await attempt('xmllint', args, { env }))
}

/** Fails unless xmllint finds a document valid by an OASIS schema. */
export async function assertValid(schema: Schema, xml: string): Promise<void> {
  const { accepted, output } = await validate(schema, xml)
  assert.ok(accepted, `${output}\n${xml}`)
}

/** The elements that SAML signs, by the path to their signature. */
const signedElements = {
  AuthnRequest: `/*[namespace-uri()='${PROTOCOL}' and local-name()='AuthnRequest']`,
  Response: `/*[namespace-uri()='${PROTOCOL}' and local-name()='Response']`,
  Assertion: `/*/*[namespace-uri()='${ASSERTION}' and local-name()='Assertion']`,
} as const

/** Whether xmlsec1 accepts the signature of one element under a certificate (PEM), and what it says. */
export async function verifyXML(
  element: keyof typeof signedElements,
  xml: string,
  certificate: string,
) {
  const signature = `${signedElements[element]}/*[local-name()='Signature']`
  const ids = [`${PROTOCOL}:AuthnRequest`, `${PROTOCOL}:Response`, `${ASSERTION}:Assertion`]
  const args = [
    '--verify',
    // Only the key that is given counts, not the one that the message brings.
    ...['--enabled-key-data', 'rsa'],
    ...['--enabled-reference-uris', 'same-doc'],
    ...ids.flatMap((id) => ['--id-attr:ID', id]),
    ...['--pubkey-cert-pem', await fileOf(certificate)],
    ...['--node-xpath', signature],
    await fileOf(xml),
  ]
  return valid(await attempt('xmlsec1', args))
}

/** Fails unless xmlsec1 accepts the signature of an element under a certificate (PEM). */
export async function assertSignedXML(...call: Parameters<typeof verifyXML>): Promise<void> {
  const { accepted, output } = await verifyXML(...call)
  assert.ok(accepted, `${output}\n${call[1]}`)
}

/**
 * Whether OpenSSL accepts the signature of an HTTP-Redirect query (Bindings 2.0, 3.4.4.1) under a certificate
 * (PEM): over the octets of SAMLRequest, RelayState and SigAlg as they stand in `url`, with RSA and SHA-256.
 */
export async function verifyQuery(url: string, certificate: string) {
  const pairs = new Map(
    url
      .slice(url.indexOf('?') + 1)
      .split('&')
      .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  )
  const algorithm = decodeURIComponent(pairs.get('SigAlg') ?? '')
  assert.equal(algorithm, 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256')
  const signed = ['SAMLRequest', 'RelayState', 'SigAlg'].map((name) => `${name}=${pairs.get(name)}`)
  const signature = Buffer.from(decodeURIComponent(pairs.get('Signature') ?? ''), 'base64')
  const cert = await fileOf(certificate)
  const key = await attempt('openssl', ['x509', '-in', cert, '-pubkey', '-noout'])
  assert.equal(key.status, 0, key.output)
  const files = [
    ...['-verify', await fileOf(key.output)],
    ...['-signature', await fileOf(signature)],
    await fileOf(signed.join('&')),
  ]
  return valid(await attempt('openssl', ['dgst', '-sha256', ...files]))
}

function valid({ status, output }: { status: number | null; output: string }) {
  return { accepted: status === 0, output }
}

/** The certificates for signing in metadata, as PEM, in their order. */
export function certificatesOf(metadata: string): string[] {
  const signing = /<md:KeyDescriptor use="signing">.*?<ds:X509Certificate>([^<]+)</gs
  return [...metadata.matchAll(signing)].map(([, base64 = '']) => {
    const lines = base64.replaceAll(/\s/g, '').replaceAll(/.{1,64}/g, '$&\n')
    return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`
  })
}

/** The text of what an XPath expression finds first. */
export async function textAt(xml: string, path: string): Promise<string> {
  const text = await run('xmllint', ['--nonet', '--xpath', `string(${path})`, await fileOf(xml)])
  return text.replace(/\n$/, '')
}
