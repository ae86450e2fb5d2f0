import { hash, type KeyObject } from 'node:crypto'
import { verifySignatureValue } from './algorithms.ts'
import { canonicalize } from './c14n.ts'
import type { CheckList } from './checks.ts'
import { certificateInKeyInfo } from './key-info.ts'
import { readSignatureProfile, type SignatureProfile } from './signature-profile.ts'
import type { XMLElement } from './xml-tree.ts'

/** A certificate of the identity provider that the connection trusts, its public key already read. */
export type PinnedKey = {
  certificate_id: string
  /** SHA-256 of the certificate as lower-case hexadecimal, for people to compare */
  fingerprint: string
  key: KeyObject
}

/** What signatures are verified with, and when. */
export type SignatureTrust = {
  keys: readonly PinnedKey[]
  /** RSA-SHA1 and SHA-1 digests are accepted before this moment; null: never */
  allow_sha1_until: Date | null
  now: Date
}

declare const signed: unique symbol

/** The canonical bytes of an element whose signature was verified; only verifySignature makes them. */
export type SignedXML = Buffer & { readonly [signed]: true }

/** More pinned keys than this are not tried. */
export const MAX_KEYS = 5

/**
 * Verifies an enveloped signature over its own parent element with the pinned keys and returns the
 * canonical bytes that it covers. Anything outside the one profile that SAML uses is refused
 * (XML Signature 1.0; SAML Core 5.4). KeyInfo is never trusted. Throws SAMLError through `checks`.
 */
export function verifySignature(
  signature: XMLElement,
  trust: SignatureTrust,
  checks: CheckList,
): SignedXML {
  const parent = signature.parent!
  const what = parent.local === 'Assertion' ? 'assertion' : 'response'
  const profile = readSignatureProfile(signature, trust, what, checks)
  const tried = trust.keys.slice(0, MAX_KEYS)
  const { algorithm, signedInfo, signatureValue } = profile
  const match = tried.find(({ key }) =>
    verifySignatureValue(algorithm, key, signedInfo, signatureValue),
  )
  if (match === undefined) return refuseKey(signature, profile, tried, what, checks)
  checks.pass(`${what}_signature_certificate`, { actual: match.fingerprint })

  const canonical = canonicalize(parent, { omit: signature, prefixes: profile.prefixes })
  const bytes = Buffer.from(canonical)
  const digest = hash(profile.digest.hash, bytes, 'buffer')
  if (!digest.equals(profile.digestValue) || digest.equals(profile.digest.empty)) {
    checks.fail(`${what}_signature_digest`, {
      error_type: 'invalid_signature_saml_response',
      message: `The ${parent.local} was changed after the identity provider had signed it.`,
      expected: `what was signed, of the digest ${profile.digestValue.toString('base64')}`,
      actual: `what arrived, of the digest ${digest.toString('base64')}`,
      fix: {
        who: 'it_admin',
        what: 'Try to log in again. If it happens each time, something between the identity provider and this server rewrites the message: a proxy, a browser extension or a script on the sign-in page.',
      },
    })
  }
  checks.pass(`${what}_signature_digest`)
  return bytes as SignedXML
}

function refuseKey(
  signature: XMLElement,
  profile: SignatureProfile,
  tried: readonly PinnedKey[],
  what: string,
  checks: CheckList,
): never {
  const full =
    tried.length < MAX_KEYS
      ? ''
      : ` The connection has ${MAX_KEYS} certificates, which is the most: remove an old one first.`
  const expected = tried.map(({ fingerprint }) => fingerprint).join(', ')
  const shown = certificateInKeyInfo(signature)
  const pinned = tried.some(({ fingerprint }) => fingerprint === shown?.fingerprint)
  const { algorithm, signedInfo, signatureValue } = profile
  const signedByShown =
    shown !== null && verifySignatureValue(algorithm, shown.key, signedInfo, signatureValue)
  if (signedByShown && !pinned) {
    checks.fail(`${what}_signature_certificate`, {
      error_type: 'saml_certificate_mismatch',
      message: 'The message is signed with a certificate that this connection does not trust.',
      expected,
      actual: shown.fingerprint,
      fix: {
        who: 'it_admin',
        what: `If the identity provider has a new signing certificate, download it there and add it to this SSO connection (the signing one, not one for encryption or TLS). Compare its SHA-256 fingerprint with the one shown here first.${full}`,
      },
    })
  }
  checks.fail(`${what}_signature_certificate`, {
    error_type: 'invalid_signature_saml_response',
    message: 'The signature does not fit any certificate of this connection.',
    expected,
    actual: shown === null ? 'the message names no certificate' : shown.fingerprint,
    fix: {
      who: 'it_admin',
      what: 'Download the current signing certificate from the identity provider and add it to this SSO connection. If it is there already, the message was changed on its way: try again.',
    },
  })
}
