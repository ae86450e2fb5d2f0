/**
 * Passwords of administrators: what is accepted (NIST SP 800-63B-4 section 3.1.1: long, not common, no
 * rules on composition) and how it is stored (scrypt, RFC 7914, with OWASP's parameters beside the digest).
 */
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { ApiError } from '../http/errors.ts'

const minLength = 12
const maxLength = 256
/** As typed: composing takes time with the square of the marks, of which some characters have several. */
const maxTyped = 8 * maxLength

/**
 * The commonest beginnings; what follows them in digits and signs does not make them better. No text can be
 * put together of them in two ways: a search that tries them all would take hours (password is the second).
 */
const commonWord =
  /^(pass(wort|e|phrase)?|p[a@4][s$5]{2}w[o0]rd|admin(istrator)?|portcullis|dashboard|welcome|willkommen|letmein|changeme|secret|default|iloveyou|princess|sunshine|football|baseball|monkey|dragon|superman|batman|starwars|trustno1|qwerty(uiop)?|qwertz(uiop)?|azerty(uiop)?|asdf(gh)?(jkl)?|zxcv(bnm)?|1q2w3e4r(5t6y)?|abc|test|guest|login|root|company|summer|winter|spring|autumn)+[\d\W_]*$/i

/** Why a password is refused, as a sentence for the person who chose it; undefined where it is good. */
export function passwordProblem(password: string, email_address: string): string | undefined {
  const tooLong = `The password has at most ${maxLength} characters.`
  if (password.length > maxTyped) return tooLong
  const normal = password.normalize('NFKC')
  const characters = [...normal]
  if (!password.isWellFormed() || password.includes('\0'))
    return 'The password holds a character that cannot be stored.'
  if (characters.length < minLength)
    return `The password needs at least ${minLength} characters: a sentence is easy to remember.`
  if (characters.length > maxLength) return tooLong
  const lower = normal.toLowerCase()
  if (lower === email_address || lower === email_address.split('@')[0])
    return 'The password must not be the e-mail address.'
  if (commonWord.test(lower) || /^(.{1,4})\1+.{0,3}$/su.test(lower) || isSequence(characters))
    return 'This password is among the first that somebody would try: choose another.'
  return undefined
}

/** Such as 123456789012 or zyxwvutsrqpo: each character is the neighbour of the one before. */
function isSequence(characters: string[]): boolean {
  const codes = characters.map((each) => each.codePointAt(0)!)
  const follows = (step: number) =>
    codes.every(
      (code, i) => i === 0 || code - codes[i - 1]! === step || isWrap(codes[i - 1]!, code),
    )
  return follows(1) || follows(-1)
}

/** 9 before 0, 0 before 9, and 0 before 1. */
function isWrap(before: number, code: number): boolean {
  return (before === 57 && code === 48) || (before === 48 && (code === 57 || code === 49))
}

/** Throws what `passwordProblem` says. */
export function assertPassword(password: string, email_address: string): void {
  const message = passwordProblem(password, email_address)
  if (message) throw new ApiError('bad_request', { message })
}

interface Cost {
  ln: number
  r: number
  p: number
}

const present: Cost = { ln: 17, r: 8, p: 1 }

/** Hashes a password for storage: `$scrypt$ln=17,r=8,p=1$salt$digest`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  return encode(present, salt, await derive(password, salt, present))
}

function encode({ ln, r, p }: Cost, salt: Buffer, digest: Buffer): string {
  return `$scrypt$ln=${ln},r=${r},p=${p}$${salt.toString('base64url')}$${digest.toString('base64url')}`
}

// Nobody's: what is compared with where there is nothing to compare with, so that it takes as long.
const nobodys = encode(present, randomBytes(16), randomBytes(32))

/**
 * Whether a password is that of a stored hash. Where there is none (no such administrator, no password)
 * it takes the same time to say no.
 */
export async function verifyPassword(
  password: string,
  stored: string | undefined,
): Promise<boolean> {
  const text = stored || nobodys
  const [, , cost = '', salt = '', digest = ''] = text.split('$')
  const [ln, r, p] = (/^ln=(\d+),r=(\d+),p=(\d+)$/.exec(cost) ?? []).slice(1).map(Number)
  if (!ln || !r || !p) throw new Error('A stored password hash cannot be read.')
  const expected = Buffer.from(digest, 'base64url')
  const given = await derive(password, Buffer.from(salt, 'base64url'), { ln, r, p })
  return timingSafeEqual(given, expected) && Boolean(stored)
}

/** Whether a stored hash was made with other parameters than those of today. */
export function isOutdated(stored: string): boolean {
  return !stored.startsWith(`$scrypt$ln=${present.ln},r=${present.r},p=${present.p}$`)
}

function derive(password: string, salt: Buffer, { ln, r, p }: Cost): Promise<Buffer> {
  const options: ScryptOptions = { N: 2 ** ln, r, p, maxmem: 256 * 2 ** ln * r }
  // A longer one is nobody's, and costs no more than one that could be somebody's.
  const text = password
    .slice(0, maxTyped)
    .normalize('NFKC')
    .slice(0, 2 * maxLength)
  return new Promise((resolve, reject) => {
    scrypt(text, salt, 32, options, (error, key) => (error ? reject(error) : resolve(key)))
  })
}

const maxRunning = 2
const maxWaiting = 30
let running = 0
const waiting: (() => void)[] = []

/**
 * Runs what hashes a password, two at a time: each takes 128 MiB and a third of a second. Throws
 * `too_many_requests` where many wait already.
 */
export async function hashingInTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= maxRunning) {
    if (waiting.length >= maxWaiting)
      throw new ApiError('too_many_requests', { headers: { 'retry-after': '10' } })
    await new Promise<void>((resolve) => waiting.push(resolve))
  } else running += 1
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next) next()
    else running -= 1
  }
}
