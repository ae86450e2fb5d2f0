import { randomBytes } from 'node:crypto'
import type { Context } from 'hono'
import { html, raw } from 'hono/html'
import { style } from './style.ts'

/** A piece of a page, as the `html` template gives it. */
export type Markup = ReturnType<typeof html>

const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="M4 21V10a8 8 0 0 1 16 0v11M4 21h16M9 21V5M15 21V5M4 12h16M4 17h16"/></svg>'
const FAVICON = `data:image/svg+xml,${encodeURIComponent(ICON.replace('currentColor', '#5b66e0'))}`

/**
 * Answers with a page. Its Content-Security-Policy admits the style sheet and `script`, by nonce, and nothing else;
 * it has no form-action, because Chromium applies that to the redirects after a form, too.
 */
export function page(
  c: Context,
  content: { title: string; body: Markup; wide?: boolean; script?: string },
  status: 200 | 400 | 404 = 200,
) {
  const nonce = randomBytes(16).toString('base64')
  const scripts = content.script ? `script-src 'nonce-${nonce}'; ` : ''
  c.header(
    'Content-Security-Policy',
    `default-src 'none'; style-src 'nonce-${nonce}'; ${scripts}img-src data:; base-uri 'none'; frame-ancestors 'none'`,
  )
  c.header('Cache-Control', 'no-store')
  c.header('Referrer-Policy', 'strict-origin')
  c.header('X-Content-Type-Options', 'nosniff')
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${content.title} · Test identity provider</title>
<link rel="icon" href="${FAVICON}">
<style nonce="${nonce}">${raw(style)}</style>
</head>
<body class="${content.wide ? 'wide' : ''}">
<header>${raw(ICON)}<span>Test identity provider</span><span class="badge">Development only</span></header>
<main>
${content.body}
</main>
<footer>No passwords, no checks: anybody who can open this page can sign in as anybody. Never use it in production.</footer>
${content.script ? html`<script nonce="${nonce}">${raw(content.script)}</script>` : ''}
</body>
</html>
`
  return c.html(document, status)
}

/** A page that says why a request is not answered. */
export function errorPage(c: Context, message: string, status: 400 | 404 = 400) {
  const title = status === 404 ? 'There is no such page' : 'This request can’t be answered'
  const body = html`<section>
<h1>${title}</h1>
<p>${message}</p>
<p><a href="/">About this test identity provider</a></p>
</section>`
  return page(c, { title, body }, status)
}
