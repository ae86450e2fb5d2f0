import type { KeyObject } from 'node:crypto'
import { MAX_CANONICAL_LENGTH } from './c14n.ts'
import { CheckList, type Failure, SAMLError } from './checks.ts'
import { decryptContent } from './content-cipher.ts'
import { decodeUTF8 } from './encoding.ts'
import { type EncryptedAssertion, readEncryptedAssertion } from './encrypted-assertion.ts'
import { fingerprintOf, recipientFingerprint } from './key-info.ts'
import { ASSERTION, XS, XSI } from './namespaces.ts'
import { unwrapKey } from './oaep.ts'
import { type SignatureTrust, verifySignature } from './signature.ts'
import { readSigned, refuseContent } from './signed-content.ts'
import { type Layout, readLayout } from './structure.ts'
import { parseXML } from './xml.ts'
import { childrenNamed, type XMLDeclaration, type XMLElement, XMLError } from './xml-tree.ts'

/** What a connection decrypts with. */
export type DecryptionSettings = {
  /** RSA private keys; each is tried */
  keys: readonly KeyObject[]
  /** the certificate of the newest of them, as PEM; it is only shown */
  certificate?: string | null
  /** AES-CBC although no signature covers the ciphertext: padding oracles are then a matter of counting */
  allow_aes_cbc: boolean
  /** too many decryptions failed lately: only what a signature of the Response covers is decrypted */
  stopped: boolean
}

/** More keys than this are not tried. */
export const MAX_DECRYPTION_KEYS = 5

type Input = {
  text: string
  layout: Layout
  trust: SignatureTrust
  decryption: DecryptionSettings
}

/**
 * Decrypts the EncryptedAssertion of a Response and returns the Assertion from verified bytes. A
 * signature of the Response is verified first, over the ciphertext; without one the Assertion in it
 * must be signed. It is read in its place, so that namespaces declared around it hold (XML Encryption
 * 4.4). Throws SAMLError through `checks`; until the plaintext is known to be what the identity provider encrypted,
 * every reason looks the same (`decryption`).
 */
export function openEncryptedAssertion(input: Input, checks: CheckList): XMLElement {
  const { layout, trust, decryption } = input
  if (decryption.keys.length === 0) checks.fail('encryption_keys', NO_KEY)
  checks.pass('encryption_keys', { actual: String(decryption.keys.length) })
  const { responseSignature, response } = layout
  const signed =
    responseSignature === null
      ? null
      : readSigned(verifySignature(responseSignature, trust, checks), response, checks)
  const source = signed === null ? layout.assertion! : onlyEncrypted(signed.root, checks)
  const encrypted = readEncryptedAssertion(source, checks)
  checkPermission(encrypted, decryption, signed !== null, checks)
  const { cipher, ciphertext, oaep, wrappedKey } = encrypted
  const pinned = decryption.keys.slice(0, MAX_DECRYPTION_KEYS)
  const contentKey = unwrapKey(wrappedKey, pinned, oaep, cipher.key_length)
  const { plaintext, valid } = decryptContent(cipher, contentKey, ciphertext)
  const authentic = signed !== null || cipher.mode === 'gcm'
  if (authentic && !valid) checks.fail('decryption', failed(source, decryption))
  const attempt = new CheckList()
  let assertion: XMLElement | null = null
  try {
    assertion = readInPlace(input, signed, plaintext, attempt)
  } catch (error) {
    if (!(error instanceof SAMLError || error instanceof XMLError)) throw error
    if (authentic) refusePlaintext(error, attempt, checks)
  }
  if (assertion === null || !valid) return checks.fail('decryption', failed(source, decryption))
  checks.pass('decryption', { actual: cipher.name })
  checks.checks.push(...attempt.checks)
  return assertion
}

/** The whole Response with the plaintext in its place, then the Assertion from signed bytes. */
function readInPlace(
  { text, layout, trust }: Input,
  signed: { text: string; root: XMLElement } | null,
  plaintext: Buffer,
  attempt: CheckList,
): XMLElement {
  const content = decodeUTF8(plaintext)
  const wrapper = layout.assertion!
  const inner = readLayout(parseXML(splice(text, wrapper, content)), new CheckList(), true)
  if (inner.assertionSignature !== null) {
    const verified = verifySignature(inner.assertionSignature, trust, attempt)
    return readSigned(verified, inner.assertion!, attempt).root
  }
  if (signed === null) return attempt.fail('signature', UNSIGNED)
  // what the signature of the Response covers, and nothing else
  const place = childrenNamed(signed.root, ASSERTION, 'EncryptedAssertion')[0]!
  const whole = splice(signed.text, place, content, harmlessDeclarations(wrapper, place))
  return readLayout(parseXML(whole, { max_length: MAX_CANONICAL_LENGTH }), new CheckList(), true)
    .assertion!
}

/** Puts the plaintext in the place of the EncryptedData. */
function splice(
  text: string,
  { content }: XMLElement,
  plaintext: string,
  declarations: readonly XMLDeclaration[] = [],
): string {
  const { start, end } = content!
  const added = declarations.map(({ prefix, uri }) => ` xmlns:${prefix}="${uri}"`).join('')
  const before = added === '' ? text.slice(0, start) : `${text.slice(0, start - 1)}${added}>`
  return before + plaintext + text.slice(end)
}

/**
 * Canonical XML leaves out declarations that nothing uses, but a plaintext may borrow them. Those of
 * the XML Schema have no meaning to anything that is read here, so they may come from outside of the
 * signature; any other stays undeclared, and the message is refused.
 */
function harmlessDeclarations(original: XMLElement, place: XMLElement): XMLDeclaration[] {
  const known = new Set<string>()
  for (let at: XMLElement | null = place; at !== null; at = at.parent) {
    for (const { prefix } of at.declarations) known.add(prefix)
  }
  const found: XMLDeclaration[] = []
  for (let at: XMLElement | null = original; at !== null; at = at.parent) {
    for (const declaration of at.declarations) {
      const { prefix, uri } = declaration
      const harmless = prefix !== '' && (uri === XS || uri === XSI)
      if (harmless && !known.has(prefix)) found.push(declaration)
      known.add(prefix)
    }
  }
  return found
}

function onlyEncrypted(response: XMLElement, checks: CheckList): XMLElement {
  const found = childrenNamed(response, ASSERTION, 'EncryptedAssertion')
  return found.length === 1 ? found[0]! : refuseContent(checks)
}

function checkPermission(
  { cipher }: EncryptedAssertion,
  { allow_aes_cbc, stopped }: DecryptionSettings,
  signed: boolean,
  checks: CheckList,
): void {
  if (signed) return
  if (cipher.mode === 'cbc' && !allow_aes_cbc) checks.fail('aes_cbc', CBC)
  if (stopped) checks.fail('decryption_limit', STOPPED)
}

/** Says what is wrong with a plaintext that is as the identity provider encrypted it. */
function refusePlaintext(
  error: SAMLError | XMLError,
  attempt: CheckList,
  checks: CheckList,
): never {
  checks.pass('decryption')
  checks.checks.push(...attempt.checks)
  const failed = error instanceof SAMLError ? error.checks.at(-1) : undefined
  if (failed !== undefined && attempt.checks.includes(failed)) {
    throw new SAMLError((error as SAMLError).error_type, error.message, checks.checks)
  }
  return checks.fail('decrypted_assertion', {
    error_type: 'invalid_saml_response',
    message: `What was encrypted is not one Assertion. ${error.message}`,
    expected: 'one Assertion element, plain XML in UTF-8 without comments',
    actual: failed?.actual ?? error.message,
    fix: {
      who: 'operator',
      what: 'Everybody can encrypt for this connection, so this may be an attempt to get in. If the IT admin of the organization sees it with ordinary logins, have the identity provider sign the assertion itself (not only the Response), or switch its encryption off.',
    },
  })
}

/**
 * The one refusal for whatever is wrong with a ciphertext. It names the two certificates, as the
 * connection and the message have them in clear: nothing in it depends on what decryption gave.
 */
function failed(source: XMLElement, { certificate }: DecryptionSettings): Failure {
  const ours = certificate ? `, with the certificate ${fingerprintOf(certificate)}` : ''
  const theirs = recipientFingerprint(source)
  return {
    error_type: 'invalid_saml_response',
    message: 'The encrypted assertion could not be decrypted.',
    expected: `an assertion that was encrypted for this connection${ours}`,
    actual: `decryption failed${theirs ? `; encrypted with the certificate ${theirs}` : ''}`,
    fix: {
      who: 'it_admin',
      what: 'In the identity provider, replace the encryption certificate of this application by the one in the SP metadata of this SSO connection, and check that its signing certificate is among the certificates of this connection.',
    },
  }
}

const UNSIGNED: Failure = {
  error_type: 'missing_signature_saml_response',
  message: 'Neither the Response nor the Assertion in the EncryptedAssertion is signed.',
  expected: 'a signature on the Assertion, the Response or both',
  actual: 'none',
  fix: {
    who: 'it_admin',
    what: 'Switch on signing of the assertion for this application in the identity provider. Encryption proves nothing about who sent it.',
  },
}

const NO_KEY: Failure = {
  error_type: 'invalid_saml_response',
  message: 'The assertion is encrypted, but this SSO connection has no key to decrypt with.',
  expected: 'a signed Assertion that is not encrypted',
  actual: 'an EncryptedAssertion',
  fix: {
    who: 'it_admin',
    what: 'Switch off assertion encryption (token encryption) for this application in the identity provider; the login is protected by TLS and by the signature. Or add an encryption key to this SSO connection, and import its SP metadata again.',
  },
}

const CBC: Failure = {
  error_type: 'invalid_saml_response',
  message: 'The assertion is encrypted with AES-CBC, and no signature protects the ciphertext.',
  expected: 'AES-GCM, or a signature on the Response too',
  actual: 'AES-CBC in a Response that is not signed',
  fix: {
    who: 'it_admin',
    what: 'In the identity provider, set the encryption of this application to AES-256-GCM, or have it sign the Response and the assertion (Microsoft Entra: signing option "Sign SAML response and assertion"). Where neither can be done, the operator of this server can allow AES-CBC for this connection: portcullis connection set CONNECTION_ID --allow-aes-cbc on.',
  },
}

const STOPPED: Failure = {
  error_type: 'invalid_saml_response',
  message:
    'Too many encrypted assertions of this connection could not be decrypted; it rests for some minutes.',
  expected: 'at most 50 failures in 10 minutes',
  actual: 'more',
  fix: {
    who: 'operator',
    what: 'If many people fail to log in, the identity provider encrypts for another certificate: have it import the SP metadata of this SSO connection again. Otherwise somebody may be trying to decrypt a message step by step; a Response that is signed itself is not affected.',
  },
}
