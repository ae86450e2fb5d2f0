import { ALGORITHMS } from './algorithms.ts'
import { ENCODINGS } from './encodings.ts'
import { ENCRYPTED } from './encrypted.ts'
import { EXHAUSTION } from './exhaustion.ts'
import { NAMES } from './names.ts'
import { PROFILE } from './profile.ts'
import { SIGNATURES } from './signatures.ts'
import { TEXT } from './text.ts'
import type { Vector } from './vector.ts'
import { WRAPPING } from './wrapping.ts'

/** Every answer that must be refused, by class. */
export const ATTACKS: readonly Vector[] = [
  ...WRAPPING,
  ...SIGNATURES,
  ...ALGORITHMS,
  ...NAMES,
  ...TEXT,
  ...ENCODINGS,
  ...PROFILE,
  ...ENCRYPTED,
  ...EXHAUSTION,
].toSorted((a, b) => order(a.class) - order(b.class))

/** X1 to X21, P1 to P15, then the others. */
function order(name: string): number {
  const number = Number(name.slice(1))
  return number + 100 * ['X', 'P', 'E', 'L'].indexOf(name.charAt(0))
}

/** What a class of security.md is about. */
export const CLASSES: ReadonlyMap<string, string> = new Map([
  ['X1', 'Signature wrapping'],
  ['X2', 'Unsigned data that might be read'],
  ['X3', 'Signature missing, empty or one of several broken'],
  ['X4', 'Several SignedInfo, DigestValue, Reference (SAMLStorm)'],
  ['X5', 'Markup in DigestValue (SAMLStorm)'],
  ['X6', 'Decoy signatures, signed errors'],
  ['X7', 'Something else that was signed'],
  ['X8', 'Comments, CDATA and instructions in text'],
  ['X9', 'Document types and entities'],
  ['X10', 'What parsers read differently'],
  ['X11', 'Void canonical forms'],
  ['X12', 'Polluted IDs and namespaces'],
  ['X13', 'Reference tricks'],
  ['X14', 'Transforms'],
  ['X15', 'Weak and confused algorithms'],
  ['X16', 'Keys in KeyInfo'],
  ['X18', 'Several assertions, plain and encrypted'],
  ['X19', 'Signed content changed'],
  ['X20', 'Names that come twice, or are special in JavaScript'],
  ['X21', 'Encodings'],
  ['P1', 'Status'],
  ['P2', 'Version'],
  ['P3', 'Issuer'],
  ['P4', 'Destination'],
  ['P5', 'Recipient'],
  ['P6', 'Confirmation method'],
  ['P7', 'Times of the confirmation'],
  ['P8', 'InResponseTo'],
  ['P9', 'Conditions'],
  ['P10', 'Audience'],
  ['P11', 'Unknown conditions'],
  ['P12', 'AuthnStatement'],
  ['P14', 'NameID'],
  ['P15', 'IssueInstant'],
  ['E', 'Encrypted assertions'],
  ['L', 'Resource exhaustion'],
])
