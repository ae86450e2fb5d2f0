/** What every answer of a page must be like, whatever it shows. */
import assert from 'node:assert/strict'
import type { Seen } from './dashboard-visitor.ts'

/** A name that somebody may have given to something, who would like to run a script here. */
export const hostile = `"'></title></textarea><script>alert(1)</script><img src=x onerror=alert(1)>\u202e`

/** Throws for markup that could run something, or load it from elsewhere. */
function assertInert(html: string, what: string): void {
  const forbid = (pattern: RegExp, reason: string) =>
    assert.equal(pattern.exec(html)?.[0], undefined, `${what}: ${reason}`)
  forbid(/<script(?![^>]* src="\/assets\/)[^>]*>.{0,80}/s, 'an inline script')
  forbid(/<style\b.{0,80}/s, 'an inline style sheet')
  forbid(/<(?:iframe|object|embed|base|meta http-equiv)\b.{0,80}/s, 'an embedded document')
  forbid(/<[a-z][^>]*? (?:style|on[a-z]+)\s*=\s*["'].{0,80}/s, 'an inline style or handler')
  forbid(
    /<(?:img|script|link|source)\b[^>]* (?:src|href|srcset)="(?!\/[\w]|data:image\/)[^"]*"/s,
    'a foreign source',
  )
  forbid(/<(?:form|button)\b[^>]* (?:form)?action="(?!\/[\w])[^"]*"/s, 'a form that goes elsewhere')
  forbid(/ (?:href|src|action)="\s*(?:javascript|vbscript|data:text)[^"]*"/i, 'a script as address')
  forbid(/<img src=x|<script>alert/, 'what was typed, as markup')
}

/** Throws for an answer that could run something, or be stored, framed or taken for another type. */
export function assertGuarded({ headers, status, html }: Seen, what: string): void {
  assert.ok(status < 500, `${what}: ${status}`)
  const get = (name: string) => headers.get(name) ?? ''
  const policy = get('content-security-policy')
  assert.match(policy, /^default-src 'none';/, `${what}: ${policy}`)
  assert.doesNotMatch(policy, /unsafe|https?:|\*/, what)
  assert.match(policy, /frame-ancestors 'none'|sandbox/, what)
  assert.equal(get('x-content-type-options'), 'nosniff', what)
  assert.equal(get('cache-control'), 'no-store', what)
  assert.match(get('referrer-policy'), /^(same-origin|no-referrer)$/, what)
  if (get('content-type').startsWith('text/html')) assertInert(html, what)
}
