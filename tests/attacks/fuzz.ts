/** Feeds broken input to everything that reads what strangers send; only the typed errors may come of it. */
import assert from 'node:assert/strict'
import { ApiError } from '../../src/http/errors.ts'
import { checkRedirectURL, matchRedirectURL } from '../../src/projects/redirect-urls.ts'
import { readVerificationCertificate } from '../../src/saml/certificates.ts'
import { SAMLError } from '../../src/saml/checks.ts'
import { strictBase64 } from '../../src/saml/encoding.ts'
import { parseIdPMetadata } from '../../src/saml/metadata.ts'
import { parseXML } from '../../src/saml/xml.ts'
import { XMLError } from '../../src/saml/xml-tree.ts'
import { asked, identityOf } from './changes.ts'
import { ATTACKS } from './corpus.ts'
import { certificates, DSIG, Exchange, FORGED } from './exchange.ts'
import { HONEST } from './honest.ts'
import { createRandom, pick, type Random } from './random.ts'

/** A reader: what it is given first, and what may come of it ('' for an answer, or the reason it gives). */
interface Target {
  seeds: () => Buffer[]
  read: (input: Buffer) => string
}

const location = 'Location="https://idp.example/sso"'
const sso = ['HTTP-Redirect', 'HTTP-POST'].map(
  (binding) =>
    `<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:${binding}" ${location}/>`,
)
const certificate = certificates.attacker.replace(/-----[A-Z ]+-----|\s/g, '')
const metadata = `<?xml version="1.0"?><!-- x --><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example"><md:IDPSSODescriptor WantAuthnRequestsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="${DSIG}"><ds:X509Data><ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:NameIDFormat>urn:x</md:NameIDFormat>${sso.join('')}</md:IDPSSODescriptor></md:EntityDescriptor>`
const entities = `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">${metadata.slice(metadata.indexOf('<md:'))}</md:EntitiesDescriptor>`

const registered = [
  'https://app.example/cb?a=1&b=2',
  'https://www.app.example/cb',
  'https://*.example.com/cb',
  'http://localhost:3000/authenticate',
  'com.example.app://login',
]
const project = {
  project_id: 'project-test-1',
  redirect_urls: registered.map((url) => ({ url, type: 'LOGIN' as const, is_default: false })),
} as unknown as Parameters<typeof matchRedirectURL>[0]
const strangeURLs = [
  'https://app.example@evil.example/cb',
  'https://evil.example\\@app.example/cb?a=1&b=2',
  'https://x.example.com.evil.example/cb',
  'https://app.example/cb/../cb?a=1&b=2',
  'https://app.example:443/cb?a=1&b=2',
  'https://APP.example/cb?a=1&b=2#x',
  'javascript:alert(1)//https://app.example/cb',
  'https://xn--app-example/cb',
  'https://a%2eexample.com/cb',
]

/** Where a browser must end up: at an origin that was registered, with the same path and query. */
function assertRegistered(url: string): void {
  const { protocol, hostname, port, pathname, search, username, password, hash } = new URL(url)
  const path = `${pathname}${search}`
  const host = hostname.replace(/^www\./, '')
  const wildcard = /^[^.]+\.example\.com$/.test(hostname)
  const found =
    (protocol === 'https:' && host === 'app.example' && ['/cb', '/cb?a=1&b=2'].includes(path)) ||
    (protocol === 'https:' && wildcard && path === '/cb') ||
    registered.slice(3).includes(url)
  assert.ok(found && `${username}${password}${hash}` === '', url)
  assert.ok(port === '' || url.startsWith('http://localhost:3000/'), url)
}

function reasonOf(error: unknown): string {
  if (error instanceof SAMLError)
    return `${error.checks.at(-1)?.name} ${error.message.slice(0, 40)}`
  if (error instanceof XMLError) return `${error.problem} ${error.message.slice(0, 60)}`
  if (error instanceof ApiError) return error.error_type
  throw error
}

const messages = () => {
  const small = [...ATTACKS.filter((vector) => vector.class !== 'L'), ...HONEST]
  return small
    .filter((_, i) => i % 5 === 0)
    .map(({ build }) => Buffer.from(build(new Exchange(asked))))
}

/** Everything that reads what strangers send. */
export const TARGETS: Readonly<Record<string, Target>> = {
  'the SAML verifier': {
    seeds: messages,
    read: (input) => {
      const identity = identityOf(input.toString('base64'))
      assert.ok(!JSON.stringify(identity).includes(FORGED), input.toString())
      return ''
    },
  },
  'the XML parser': {
    seeds: () => [...messages().slice(0, 30), Buffer.from(metadata)],
    read: (input) => {
      const { children } = parseXML(input.toString())
      return `parsed ${Math.min(children.length, 9)}`
    },
  },
  'the base64 gate': {
    seeds: () =>
      ['', 'QQ==', 'QUI=', 'QUJD', 'Q U\r\nJ\tD', '-_', 'QR==', '====', 'é'].map((text) =>
        Buffer.from(text),
      ),
    read: (input) => {
      const text = input.toString()
      const bytes = strictBase64(text)
      if (bytes === null) return 'refused'
      assert.equal(bytes.toString('base64'), text.replace(/[ \t\r\n]/g, ''))
      return ''
    },
  },
  'the metadata reader': {
    seeds: () => [Buffer.from(metadata), Buffer.from(entities)],
    read: (input) => {
      const { sso_url, certificates } = parseIdPMetadata(input)
      assert.match(sso_url, /^https:\/\//i)
      assert.ok(certificates.length > 0)
      return ''
    },
  },
  'the certificate reader': {
    seeds: () =>
      [certificates.attacker, certificate, certificates.trusted[1]!].map((text) =>
        Buffer.from(text),
      ),
    read: (input) => {
      const { pem } = readVerificationCertificate(input.toString())
      assert.match(pem, /^-----BEGIN CERTIFICATE-----\n/)
      return ''
    },
  },
  'the matcher of redirect URLs': {
    seeds: () => [...registered, ...strangeURLs].map((text) => Buffer.from(text)),
    read: (input) => {
      const text = input.toString()
      assertRegistered(matchRedirectURL(project, 'LOGIN', text === '' ? 'x' : text))
      return ''
    },
  },
  'the check of redirect URLs': {
    seeds: () => [...registered, ...strangeURLs].map((text) => Buffer.from(text)),
    read: (input) => {
      const url = new URL(checkRedirectURL('project-live-1', input.toString()))
      assert.ok(
        !['http:', 'javascript:', 'data:', 'blob:', 'file:', 'vbscript:'].includes(url.protocol),
        url.href,
      )
      assert.equal(`${url.username}${url.password}${url.hash}`, '')
      assert.ok(!url.href.includes('*'))
      return ''
    },
  },
}

const TOKENS = [
  '<',
  '>',
  '&',
  '"',
  "'",
  '/',
  '=',
  ' ',
  ':',
  ';',
  '#',
  '?',
  '@',
  '\\',
  '%',
  '%2e',
  '..',
  '*',
  '//',
  '<!--',
  '-->',
  '<![CDATA[',
  ']]>',
  '<?x ?>',
  '<!DOCTYPE x>',
  '&lt;',
  '&#0;',
  '&#x10FFFF;',
  '&#xD800;',
  'xmlns=""',
  ' xmlns:saml="urn:x"',
  ' ID="_x"',
  '</saml:Assertion>',
  '<saml:Assertion>',
  '<ds:Signature>',
  '\0',
  '\ufeff',
  '\u2028',
  '\u202e',
  '😀',
  '\ud800',
  '\uffff',
  'AAAA',
  '====',
  '\r\n',
  '\t',
  '-----BEGIN CERTIFICATE-----',
  'https://',
  'javascript:',
  'www.',
  'localhost',
  '.evil.example',
  '65536',
  '-1',
  '9'.repeat(40),
].map((text) => Buffer.from(text))

const LARGEST = 20_000

/** One to four changes: bytes flipped, cut, doubled or moved, tokens put in, two inputs joined. */
function mutate(random: Random, corpus: readonly Buffer[]): Buffer {
  let bytes = Buffer.from(pick(random, corpus))
  for (let n = 1 + random(4); n > 0; n -= 1) {
    const at = random(bytes.length + 1)
    const to = Math.min(bytes.length, at + 1 + random(random(2) === 0 ? 8 : 400))
    const [head, middle, tail] = [bytes.subarray(0, at), bytes.subarray(at, to), bytes.subarray(to)]
    const other = pick(random, corpus)
    const cut = random(other.length + 1)
    const changed = [
      () => [head, Buffer.from(middle.map((byte) => byte ^ (1 << random(8)))), tail],
      () => [head, tail],
      () => [head, middle, middle, tail],
      () => [head, pick(random, TOKENS), middle, tail],
      () => [head, pick(random, TOKENS), tail],
      () => [tail, middle, head],
      () => [head, other.subarray(cut, cut + random(400))],
      () => [head, Buffer.of(random(256)), tail],
      () => [head, ...Array.from({ length: random(40) }, () => middle), tail],
    ]
    bytes = Buffer.concat(pick(random, changed)()).subarray(0, LARGEST)
  }
  return bytes
}

export interface Found {
  reads: number
  reasons: number
  /** The slowest read, and what it was. */
  slowest_ms: number
  slowest: Buffer
}

/**
 * Reads `count` inputs made of the seeds, always the same for a seed; an input that is refused for a
 * reason not seen before joins the corpus. Throws what is not a typed error, with the input.
 */
export function fuzz({ seeds, read }: Target, count: number, seed = 1): Found {
  const random = createRandom(seed)
  const corpus = seeds()
  const seen = new Set<string>()
  const found: Found = { reads: 0, reasons: 0, slowest_ms: 0, slowest: Buffer.alloc(0) }
  for (let i = 0; i < count; i += 1) {
    const input = i < corpus.length ? corpus[i]! : mutate(random, corpus)
    const began = process.cpuUsage()
    const reason = attempt(read, input)
    const { user, system } = process.cpuUsage(began)
    const took = (user + system) / 1000
    found.reads += 1
    if (took > found.slowest_ms) Object.assign(found, { slowest_ms: took, slowest: input })
    if (seen.has(reason)) continue
    seen.add(reason)
    if (corpus.length < 2_000) corpus.push(input)
  }
  found.reasons = seen.size
  return found
}

function attempt(read: Target['read'], input: Buffer): string {
  try {
    return read(input)
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error
    try {
      return reasonOf(error)
    } catch (cause) {
      throw new Error(`crashed on ${input.toString('base64').slice(0, 4_000)}`, { cause })
    }
  }
}
