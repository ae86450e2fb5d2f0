import { domainToASCII, domainToUnicode } from 'node:url'
import { ApiError, type ErrorType } from '../http/errors.ts'

const maxDomains = 100
const label = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/

/** Mail providers whose addresses anybody can have, under any top-level domain (yahoo.co.uk). */
const commonNames =
  /^(gmail|googlemail|outlook|hotmail|live|msn|passport|yahoo|ymail|rocketmail|icloud|aol|aim|gmx|proton|protonmail|yandex|zoho|zohomail|tutanota|tuta|fastmail|hushmail|rediffmail|mail|email|inbox|sina|sohu)\.([a-z]{2,3}|com?\.[a-z]{2})$/

/** Those that are common under one name only: hey.com is a mail provider, hey.de is not. */
const commonDomains = new Set(
  `me.com mac.com web.de freenet.de t-online.de qq.com 163.com 126.com yeah.net foxmail.com naver.com
  daum.net hanmail.net ya.ru bk.ru list.ru rambler.ru hey.com pm.me duck.com keemail.me tutamail.com
  comcast.net att.net sbcglobal.net verizon.net earthlink.net bellsouth.net cox.net charter.net
  juno.com netzero.net btinternet.com sky.com talktalk.net virginmedia.com ntlworld.com
  blueyonder.co.uk laposte.net orange.fr wanadoo.fr free.fr sfr.fr neuf.fr bbox.fr libero.it virgilio.it
  alice.it tiscali.it uol.com.br bol.com.br ig.com.br terra.com.br globo.com seznam.cz wp.pl o2.pl
  onet.pl interia.pl bluewin.ch telenet.be skynet.be bigpond.com shaw.ca rogers.com sympatico.ca
  docomo.ne.jp ezweb.ne.jp`.split(/\s+/),
)

/** Domains that hand an inbox to anybody for a few minutes. */
const disposableDomains = new Set(
  `mailinator.com guerrillamail.com guerrillamail.net guerrillamail.org sharklasers.com grr.la
  10minutemail.com 10minutemail.net 20minutemail.com temp-mail.org tempmail.com tempmail.net
  tempmailo.com tempr.email yopmail.com yopmail.fr yopmail.net trashmail.com trashmail.de trashmail.net
  getnada.com nada.email dispostable.com maildrop.cc mailnesia.com mintemail.com mohmal.com moakt.com
  mytemp.email throwawaymail.com throwaway.email fakeinbox.com fakemail.net emailondeck.com
  spamgourmet.com mailcatch.com mailnull.com mailexpire.com burnermail.io discard.email
  discardmail.com inboxkitten.com spam4.me tmpmail.org 33mail.com anonaddy.me jetable.org
  owlymail.com wegwerfmail.de mail-temp.com minuteinbox.com`.split(/\s+/),
)

/** Whether anybody can have an address of this domain at a public mail provider. */
export function isCommonDomain(domain: string): boolean {
  return commonNames.test(domain) || commonDomains.has(domain)
}

/** Whether a domain hands out inboxes that are thrown away. */
export function isDisposableDomain(domain: string): boolean {
  return disposableDomains.has(domain)
}

/**
 * The one spelling of a mail domain, as it stands in stored e-mail addresses: lower-case, an
 * international one in its ASCII form (RFC 5891). Undefined for what is no domain of two labels or more,
 * and for look-alikes that would turn into ASCII letters.
 */
export function normalizeDomain(text: string): string | undefined {
  const given = withoutSpaceAround(text)
  if (given.length > 253 || [...given].some(becomesASCII)) return undefined
  const labels = given.normalize('NFC').toLowerCase().normalize('NFC').split('.').map(asciiLabel)
  const domain = labels.join('.')
  const valid = labels.length > 1 && labels.every((each) => label.test(each))
  return valid && !/^\d+$/.test(labels.at(-1)!) && domain.length <= 253 ? domain : undefined
}

/**
 * Without ASCII white space at both ends. A pattern would search through all white space inside again and
 * again: a megabyte of it for half an hour.
 */
export function withoutSpaceAround(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isSpace(text.charCodeAt(start))) start += 1
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

/** Tab, line feed, form feed, carriage return, space. */
function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0c || code === 0x0d
}

/** Such as the Kelvin sign, whose lower case is `k`. */
function becomesASCII(character: string): boolean {
  return character.charCodeAt(0) > 0x7f && /[a-z]/i.test(character.normalize('NFC').toLowerCase())
}

/** Nothing where a label is not its own one spelling: compatibility characters, broken punycode. */
function asciiLabel(each: string): string {
  if (each !== each.normalize('NFKC')) return ''
  if (!each.startsWith('xn--')) return /[^\0-\x7f]/.test(each) ? domainToASCII(each) : each
  const readable = domainToUnicode(each)
  return readable !== each && domainToASCII(readable) === each ? each : ''
}

/** The error types of one list of domains. */
export interface DomainErrors {
  invalid: ErrorType
  common: ErrorType
  disposable: ErrorType
  duplicate: ErrorType
}

/**
 * The domains of a setting in their one spelling. Throws `too_many_domains` beyond 100, and what
 * `errors` names for something that is no domain, a public mail provider, a disposable domain and one
 * that comes twice.
 */
export function parseDomains(texts: readonly string[], errors: DomainErrors): string[] {
  if (texts.length > maxDomains) throw new ApiError('too_many_domains')
  const domains = texts.map((text) => parseDomain(text, errors))
  const twice = domains.find((domain, index) => domains.indexOf(domain) !== index)
  if (twice !== undefined)
    throw new ApiError(errors.duplicate, { message: `The domain "${twice}" is there twice.` })
  return domains
}

/** One domain of a setting, as `parseDomains` reads it. */
export function parseDomain(text: string, errors: Omit<DomainErrors, 'duplicate'>): string {
  const domain = normalizeDomain(text)
  if (domain === undefined)
    throw new ApiError(errors.invalid, { message: `"${text.slice(0, 253)}" is not a domain.` })
  if (isCommonDomain(domain))
    throw new ApiError(errors.common, {
      message: `"${domain}" is a public mail provider: anybody can have an address there.`,
    })
  if (isDisposableDomain(domain))
    throw new ApiError(errors.disposable, {
      message: `"${domain}" hands out disposable addresses: anybody can have one.`,
    })
  return domain
}
