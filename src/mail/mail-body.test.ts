import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mailBody } from './mail-body.ts'

const words = {
  title: 'Set up <SSO> & more',
  paragraphs: ['Acme "Corp" <script>alert(1)</script>', 'Second.'],
  action: { label: 'Open > it', url: 'https://sso.example.com/setup?a=1&b=2"><img>' },
  footer: "Sent by Ada's & Co.",
}

test('a mail says the same as text and as HTML', () => {
  const { text, html } = mailBody(words)
  assert.equal(
    text,
    `Set up <SSO> & more\n\nAcme "Corp" <script>alert(1)</script>\n\nSecond.\n\nOpen > it:\n${words.action.url}\n\n--\nSent by Ada's & Co.\n`,
  )
  for (const part of ['Set up', 'Second.', 'Open &gt; it', 'a=1&amp;b=2', 'Sent by Ada']) {
    assert.ok(html.includes(part), part)
  }
})

test('what names and addresses hold stays text in the HTML', () => {
  const { html } = mailBody(words)
  assert.doesNotMatch(html, /<script|<img|<SSO>/)
  assert.doesNotMatch(html, /src=|url\(/, 'nothing is loaded from elsewhere')
})

test('a mail without an action has no button; an action leads to a web address', () => {
  const { action, ...rest } = words
  assert.doesNotMatch(mailBody(rest).html, /<a /)
  assert.throws(() => mailBody({ ...rest, action: { ...action, url: 'javascript:alert(1)' } }))
})
