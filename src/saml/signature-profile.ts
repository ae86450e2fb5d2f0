import { digestAlgorithm, isAllowableSHA1, isSHA1, signatureAlgorithm } from './algorithms.ts'
import { canonicalize } from './c14n.ts'
import type { Check, CheckList, Failure } from './checks.ts'
import { strictBase64 } from './encoding.ts'
import { formatInstant } from './instants.ts'
import { DSIG, ENVELOPED_SIGNATURE, EXCLUSIVE_C14N } from './namespaces.ts'
import {
  attributeValue,
  childElements,
  isElement,
  textContent,
  type XMLElement,
} from './xml-tree.ts'

const MAX_PREFIXES = 16
const MAX_SIGNATURE_BYTES = 1024
const ALGORITHM_CHECK = '_signature_algorithm'

/** A signature whose form and algorithms are acceptable; nothing in it has been verified. */
export type SignatureProfile = {
  algorithm: NonNullable<ReturnType<typeof signatureAlgorithm>>
  digest: NonNullable<ReturnType<typeof digestAlgorithm>>
  digestValue: Buffer
  signatureValue: Buffer
  signedInfo: Buffer
  prefixes: readonly string[]
}

/**
 * Reads a signature that follows the one profile that SAML uses (XML Signature 1.0; SAML Core 5.4):
 * one Reference to the parent, enveloped signature, exclusive C14N, algorithms of the list; SHA-1 as
 * `allowed` says.
 */
export function readSignatureProfile(
  signature: XMLElement,
  allowed: SHA1Permission,
  what: string,
  checks: CheckList,
): SignatureProfile {
  const parent = signature.parent!
  const parts = readParts(signature)
  if (parts === null) {
    return checks.fail(
      `${what}_signature_format`,
      malformed(
        `The signature of the ${parent.local} is not built as SAML asks.`,
        'one SignedInfo, one SignatureValue, one Reference, text without markup in each value',
      ),
    )
  }
  checks.pass(`${what}_signature_format`)

  const { algorithm, digest } = readAlgorithms(parts, parent.local, what, allowed, checks)

  const id = attributeValue(parent, 'ID')
  if (parts.referenceURI === null || parts.referenceURI !== `#${id}`) {
    checks.fail(`${what}_signature_reference`, {
      ...malformed(`The signature does not cover the ${parent.local} that it stands in.`, `#${id}`),
      actual: parts.referenceURI ?? 'no URI',
    })
  }
  if (parts.transforms.join(' ') !== `${ENVELOPED_SIGNATURE} ${EXCLUSIVE_C14N}`) {
    checks.fail(`${what}_signature_reference`, badC14N(parts.transforms.join(' ')))
  }
  checks.pass(`${what}_signature_reference`, { actual: parts.referenceURI })

  const { digestValue, signatureValue, prefixes } = parts
  if (
    digestValue === null ||
    digestValue.length !== digest.empty.length ||
    signatureValue === null ||
    signatureValue.length === 0 ||
    signatureValue.length > MAX_SIGNATURE_BYTES
  ) {
    return checks.fail(
      `${what}_signature_value`,
      malformed('The digest or the signature is not base64 of the right length.', 'base64'),
    )
  }
  checks.pass(`${what}_signature_value`)
  const signedInfo = Buffer.from(
    canonicalize(parts.signedInfo, { prefixes: parts.signedInfoPrefixes }),
  )
  return { algorithm, digest, digestValue, signatureValue, signedInfo, prefixes }
}

/** Until when a connection may be signed for with SHA-1 (null: never), and what time it is. */
type SHA1Permission = { allow_sha1_until: Date | null; now: Date }

/** Whether one of the signatures that were accepted rests on SHA-1. */
export function restsOnSHA1(checks: readonly Check[]): boolean {
  return checks.some(
    ({ name, verdict, actual = '' }) =>
      name.endsWith(ALGORITHM_CHECK) && verdict === 'pass' && actual.split(' ').some(isSHA1),
  )
}

function readAlgorithms(
  { signatureURI, digestURI, c14nURI }: Parts,
  local: string,
  what: string,
  { allow_sha1_until, now }: SHA1Permission,
  checks: CheckList,
): Pick<SignatureProfile, 'algorithm' | 'digest'> {
  const name = `${what}${ALGORITHM_CHECK}`
  const sha1 = allow_sha1_until !== null && now < allow_sha1_until
  const algorithm = signatureAlgorithm(signatureURI, sha1)
  const digest = digestAlgorithm(digestURI, sha1)
  if (algorithm === undefined)
    return checks.fail(name, badAlgorithm(signatureURI, local, allow_sha1_until))
  if (digest === undefined)
    return checks.fail(name, badAlgorithm(digestURI, local, allow_sha1_until))
  if (c14nURI !== EXCLUSIVE_C14N) checks.fail(name, badC14N(c14nURI))
  const used = sha1 && (isSHA1(signatureURI) || isSHA1(digestURI))
  const note = used ? ` (SHA-1 is allowed until ${formatInstant(allow_sha1_until)})` : ''
  checks.pass(name, { actual: `${signatureURI} ${digestURI}${note}` })
  return { algorithm, digest }
}

type Parts = {
  signedInfo: XMLElement
  signedInfoPrefixes: readonly string[]
  prefixes: readonly string[]
  c14nURI: string
  signatureURI: string
  digestURI: string
  referenceURI: string | null
  transforms: readonly string[]
  digestValue: Buffer | null
  signatureValue: Buffer | null
}

/** The parts of a signature that has exactly the children of the profile, in order; else null. */
function readParts(signature: XMLElement): Parts | null {
  const [signedInfo, value, ...rest] = sequence(signature, ['SignedInfo', 'SignatureValue'], true)
  if (signedInfo === undefined || value === undefined || rest.length > 1) return null
  const [method, algorithm, reference] = sequence(signedInfo, [
    'CanonicalizationMethod',
    'SignatureMethod',
    'Reference',
  ])
  if (method === undefined || algorithm === undefined || reference === undefined) return null
  const [transforms, digest, digestValue] = sequence(reference, [
    'Transforms',
    'DigestMethod',
    'DigestValue',
  ])
  if (transforms === undefined || digest === undefined || digestValue === undefined) return null
  const steps = childElements(transforms)
  const digestText = textContent(digestValue)
  const valueText = textContent(value)
  const signedInfoPrefixes = prefixList(method)
  if (steps === null || digestText === null || valueText === null || signedInfoPrefixes === null) {
    return null
  }
  if (steps.length > 2 || steps.some((step) => !isElement(step, DSIG, 'Transform'))) return null
  if (algorithm.children.length > 0 || digest.children.length > 0) return null
  const [enveloped, exclusive] = steps
  const prefixes = exclusive === undefined ? [] : prefixList(exclusive)
  if (prefixes === null || (enveloped !== undefined && enveloped.children.length > 0)) return null
  return {
    signedInfo,
    signedInfoPrefixes,
    prefixes,
    c14nURI: attributeValue(method, 'Algorithm') ?? '',
    signatureURI: attributeValue(algorithm, 'Algorithm') ?? '',
    digestURI: attributeValue(digest, 'Algorithm') ?? '',
    referenceURI: attributeValue(reference, 'URI'),
    transforms: steps.map((step) => attributeValue(step, 'Algorithm') ?? ''),
    digestValue: strictBase64(digestText),
    signatureValue: strictBase64(valueText),
  }
}

/** Exactly these dsig children in this order (and, if asked, a KeyInfo after them); else []. */
function sequence(element: XMLElement, locals: readonly string[], keyInfo = false): XMLElement[] {
  const children = childElements(element)
  if (children === null) return []
  const extra = keyInfo && children.length === locals.length + 1 ? ['KeyInfo'] : []
  const names = [...locals, ...extra]
  if (children.length !== names.length) return []
  return children.every((child, i) => isElement(child, DSIG, names[i]!)) ? children : []
}

/** The PrefixList of the InclusiveNamespaces that may stand in here; null if anything else does. */
function prefixList(element: XMLElement): readonly string[] | null {
  if (element.children.length === 0) return []
  const children = childElements(element)
  if (children === null || children.length > 1) return null
  const [inclusive] = children
  if (inclusive === undefined) return []
  if (!isElement(inclusive, EXCLUSIVE_C14N, 'InclusiveNamespaces')) return null
  if (inclusive.children.length > 0) return null
  const list = attributeValue(inclusive, 'PrefixList') ?? ''
  const prefixes = list.split(/[ \t\r\n]+/).filter((prefix) => prefix !== '')
  if (prefixes.length > MAX_PREFIXES) return null
  return prefixes.map((prefix) => (prefix === '#default' ? '' : prefix))
}

function malformed(message: string, expected: string): Failure {
  return {
    error_type: 'invalid_signature_saml_response',
    message,
    expected,
    fix: {
      who: 'it_admin',
      what: 'The identity provider must sign with a plain enveloped XML signature, as all common products do by default. Undo special signature settings of this application there.',
    },
  }
}

function badAlgorithm(uri: string, local: string, allow_sha1_until: Date | null): Failure {
  const allowable = isAllowableSHA1(uri)
  const ended =
    allowable && allow_sha1_until !== null
      ? ` This connection was allowed SHA-1 until ${formatInstant(allow_sha1_until)}; that has ended.`
      : ''
  const otherwise = allowable
    ? ' Where that cannot be done at once, the operator of this server can allow SHA-1 for this connection for a time: portcullis connection set CONNECTION_ID --allow-sha1-until YYYY-MM-DD.'
    : ''
  return {
    error_type: 'invalid_signature_saml_response',
    message: isSHA1(uri)
      ? `The ${local} is signed with SHA-1, which can be forged and is not accepted.${ended}`
      : `The ${local} is signed with an algorithm that is not accepted.`,
    expected: 'RSA, RSA-PSS or ECDSA with SHA-256, SHA-384 or SHA-512 (signature and digest)',
    actual: uri === '' ? 'no algorithm' : uri,
    fix: {
      who: 'it_admin',
      what: `In the identity provider, set the signature algorithm of this application to RSA-SHA256 and its digest algorithm to SHA-256 (AD FS calls it "Secure hash algorithm", Okta "Signature Algorithm" and "Digest Algorithm").${otherwise}`,
    },
  }
}

function badC14N(actual: string): Failure {
  return {
    error_type: 'invalid_signature_saml_response',
    message: 'The signature uses a transformation or canonicalization that is not accepted.',
    expected: `${ENVELOPED_SIGNATURE} ${EXCLUSIVE_C14N}`,
    actual: actual === '' ? 'none' : actual,
    fix: {
      who: 'it_admin',
      what: 'In the identity provider, set the canonicalization of this application to "exclusive" (without comments).',
    },
  }
}
