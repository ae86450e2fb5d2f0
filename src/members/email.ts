import { ApiError } from '../http/errors.ts'
import { normalizeDomain, withoutSpaceAround } from '../organizations/domains.ts'

const invisible = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u
const asciiLetter = /[a-z]/i
const localPart = /^[^\s"(),:;<>@[\\\].]+(?:\.[^\s"(),:;<>@[\\\].]+)*$/
const maxBytes = 254
const maxLocalBytes = 64

/**
 * The one spelling under which an e-mail address is stored and compared: ASCII white space at both
 * ends dropped, NFC, lower-case, an international domain in its ASCII form (RFC 5891). Throws
 * `invalid_email` for what is no address of RFC 5321 or 6531 (quoted local parts and address literals
 * count as none), for invisible characters, and for look-alikes:
 * compatibility characters and what would turn into ASCII letters.
 */
export function normalizeEmail(text: string): string {
  const given = withoutSpaceAround(text)
  const at = given.indexOf('@')
  if (at < 1 || at !== given.lastIndexOf('@') || given.length > maxBytes || invisible.test(given))
    throw new ApiError('invalid_email')
  if ([...given].some(becomesASCII)) throw new ApiError('invalid_email')
  const normal = given.normalize('NFC').toLowerCase().normalize('NFC')
  const local = normal.slice(0, normal.indexOf('@'))
  const domain = normalizeDomain(normal.slice(local.length + 1))
  const email_address = `${local}@${domain}`
  if (
    domain === undefined ||
    !localPart.test(local) ||
    local !== local.normalize('NFKC') ||
    Buffer.byteLength(local) > maxLocalBytes ||
    Buffer.byteLength(email_address) > maxBytes
  )
    throw new ApiError('invalid_email')
  return email_address
}

/**
 * Part of an address in the spelling of stored ones, as far as possible, to be looked for. Composing takes time
 * with the square of the marks, and what is longer than any address is found nowhere.
 */
export function asInAddress(text: string): string {
  return text.length > 4 * maxBytes ? text : text.normalize('NFC').toLowerCase()
}

/** The domain of an address that went through `normalizeEmail`. */
export function emailDomain(email_address: string): string {
  return email_address.slice(email_address.lastIndexOf('@') + 1)
}

/** Such as the Kelvin sign, whose lower case is `k`: it must not name the member that has the `k`. */
function becomesASCII(character: string): boolean {
  return (
    character.charCodeAt(0) > 0x7f && asciiLetter.test(character.normalize('NFC').toLowerCase())
  )
}
