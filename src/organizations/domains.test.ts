import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emailDomain, normalizeEmail } from '../members/email.ts'
import { isCommonDomain, isDisposableDomain, normalizeDomain } from './domains.ts'

test('public mail providers are known, under each of their top-level domains', () => {
  for (const domain of `gmail.com googlemail.com outlook.com outlook.de hotmail.com hotmail.co.uk live.com
    live.com.au msn.com yahoo.com yahoo.co.jp yahoo.fr ymail.com icloud.com me.com mac.com aol.com
    proton.me protonmail.com gmx.net gmx.de web.de mail.com zoho.com yandex.ru qq.com 163.com comcast.net
    att.net laposte.net wanadoo.fr orange.fr rediffmail.com uol.com.br bol.com.br free.fr t-online.de
    naver.com hey.com mail.ru`.split(/\s+/))
    assert.equal(isCommonDomain(domain), true, domain)
  for (const domain of [
    'acme.com',
    'gmail.acme.com',
    'mygmail.com',
    'me.uk',
    'orange.com',
    'mac.io',
  ])
    assert.equal(isCommonDomain(domain), false, domain)
})

test('disposable domains are known', () => {
  for (const domain of ['mailinator.com', 'yopmail.com', '10minutemail.com', 'guerrillamail.com'])
    assert.equal(isDisposableDomain(domain), true, domain)
  assert.equal(isDisposableDomain('acme.com'), false)
})

test('a domain has one spelling, the same as in stored e-mail addresses', () => {
  const cases: [string, string][] = [
    ['acme.com', 'acme.com'],
    ['ACME.Com', 'acme.com'],
    ['a-b.c1.co.uk', 'a-b.c1.co.uk'],
    ['münchen.de', 'xn--mnchen-3ya.de'],
    ['MÜNCHEN.de', 'xn--mnchen-3ya.de'],
    ['xn--mnchen-3ya.de', 'xn--mnchen-3ya.de'],
    ['日本.example', 'xn--wgv71a.example'],
  ]
  for (const [given, domain] of cases) {
    assert.equal(normalizeDomain(given), domain)
    assert.equal(emailDomain(normalizeEmail(`a@${given}`)), domain)
  }
})

test('what is no domain is refused, here and in e-mail addresses', () => {
  for (const given of [
    '',
    'acme',
    '.com',
    'acme.',
    'a..b',
    '-a.com',
    'a-.com',
    'a_b.com',
    'a b.com',
    '*.acme.com',
    '@acme.com',
    'https://acme.com',
    'acme.com/x',
    '127.0.0.1',
    'a.123',
    `${'a'.repeat(64)}.com`,
    `${'a.'.repeat(130)}com`,
    '\u212Aacme.com',
    'ａcme.com',
    'xn--a.com',
    'acme,b.com',
  ]) {
    assert.equal(normalizeDomain(given), undefined, given)
    assert.throws(() => normalizeEmail(`a@${given}`), { error_type: 'invalid_email' })
  }
})
