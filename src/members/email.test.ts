import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError } from '../http/errors.ts'
import { emailDomain, normalizeEmail } from './email.ts'

const spellings: [outcome: string, given: string, stored: string][] = [
  ['lower-case, local part included', 'Alice.B@Acme.Example', 'alice.b@acme.example'],
  ['without white space at the ends', ' \talice@acme.example\r\n', 'alice@acme.example'],
  ['with its tag', "o'brien+sso@acme.example", "o'brien+sso@acme.example"],
  ['composed', 'jose\u0301@acme.example', 'jos\u00e9@acme.example'],
  ['capital letters beyond ASCII', '\u00c9LODIE@acme.example', '\u00e9lodie@acme.example'],
  ['an international domain in its ASCII form', 'a@B\u00fccher.example', 'a@xn--bcher-kva.example'],
  ['that ASCII form as it is', 'a@xn--bcher-kva.example', 'a@xn--bcher-kva.example'],
  ['the longest local part', `${'a'.repeat(64)}@acme.example`, `${'a'.repeat(64)}@acme.example`],
]

for (const [outcome, given, stored] of spellings)
  test(`an address is kept: ${outcome}`, () => {
    assert.equal(normalizeEmail(given), stored)
    assert.equal(normalizeEmail(stored), stored)
  })

const refused: [why: string, given: string][] = [
  ['nothing', ''],
  ['no @', 'alice.acme.example'],
  ['no local part', '@acme.example'],
  ['no domain', 'alice@'],
  ['two @', 'alice@evil.example@acme.example'],
  ['a quoted local part', '"alice@evil.example"@acme.example'],
  ['a comment', 'alice(x)@acme.example'],
  ['a display name', 'Alice <alice@acme.example>'],
  ['a list', 'alice@acme.example,bob@acme.example'],
  ['inner white space', 'ali ce@acme.example'],
  ['a no-break space at the end', 'alice@acme.example\u00a0'],
  ['a line break', 'alice@acme.example\nbcc:x'],
  ['a NUL', 'alice\0@acme.example'],
  ['a zero-width space', 'ali\u200bce@acme.example'],
  ['a zero-width joiner', 'ali\u200dce@acme.example'],
  ['a soft hyphen', 'ali\u00adce@acme.example'],
  ['a variation selector', 'ali\ufe0fce@acme.example'],
  ['a bidi override', 'alice\u202e@acme.example'],
  ['a byte-order mark', '\ufeffalice@acme.example'],
  ['a lone surrogate', 'alice\ud800@acme.example'],
  ['a Kelvin sign for k', 'mar\u212a@acme.example'],
  ['a dotted capital I', 'AL\u0130CE@acme.example'],
  ['full-width letters', '\uff41lice@acme.example'],
  ['a full-width @', 'alice\uff20evil.example@acme.example'],
  ['full-width letters in the domain', 'alice@\uff41cme.example'],
  ['an ideographic full stop', 'alice@acme\u3002example'],
  ['a domain of one label', 'alice@localhost'],
  ['an empty label', 'alice@acme..example'],
  ['a domain that ends in a dot', 'alice@acme.example.'],
  ['a label that begins with a hyphen', 'alice@-acme.example'],
  ['a label that ends with a hyphen', 'alice@acme-.example'],
  ['an underscore in the domain', 'alice@ac_me.example'],
  ['a label of 64', `alice@${'a'.repeat(64)}.example`],
  ['an address literal', 'alice@[127.0.0.1]'],
  ['an IP address', 'alice@127.0.0.1'],
  ['broken punycode', 'alice@xn--a.example'],
  ['a dot at the beginning', '.alice@acme.example'],
  ['a dot at the end of the local part', 'alice.@acme.example'],
  ['two dots', 'ali..ce@acme.example'],
  ['a local part of 65', `${'a'.repeat(65)}@acme.example`],
  ['a local part of 66 bytes in 33 characters', `${'\u00e9'.repeat(33)}@acme.example`],
  [
    '255 characters',
    `a@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(63)}.example`,
  ],
]

for (const [why, given] of refused)
  test(`no address: ${why}`, () => {
    assert.throws(
      () => normalizeEmail(given),
      (error) => error instanceof ApiError && error.error_type === 'invalid_email',
    )
  })

test('emailDomain gives what follows the @', () => {
  assert.equal(emailDomain('alice@acme.example'), 'acme.example')
})

test('what is no address takes no time, however long it is', () => {
  for (const long of [' ', '@', '.', 'a', 'a.', '\u0301', '\u00e9']) {
    const began = performance.now()
    assert.throws(() => normalizeEmail(`a${long.repeat(500_000)}b@acme.example`), ApiError)
    assert.throws(() => normalizeEmail(`a@${long.repeat(500_000)}b.example`), ApiError)
    const ms = performance.now() - began
    assert.ok(ms < 500, `${long}: ${Math.round(ms)} ms`)
  }
})
