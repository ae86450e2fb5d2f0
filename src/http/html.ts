/** The frame of every page that this server renders: escaped, no external requests, a strict policy. */
import { randomBytes } from 'node:crypto'
import { html as escaped, raw } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'

/** Text that is HTML already. */
export type Markup = HtmlEscapedString

/** A tagged template that escapes what is put into it, but for Markup. Takes no promises. */
export const html = escaped as (strings: TemplateStringsArray, ...values: unknown[]) => Markup

const style = `
:root { color-scheme: light dark; --text: #1d2433; --muted: #5b6478; --ground: #f4f6fa; --card: #fff;
  --line: #dde2ec; --accent: #2f5bd8; --bad: #b42318; --bad-ground: #fef3f2; --code: #f1f4f9; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e9f2; --muted: #a2abbf; --ground: #12151d;
  --card: #1b1f2a; --line: #323848; --accent: #8fb0ff; --bad: #ff9c92; --bad-ground: #33201f; --code: #252b39; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; background: var(--ground); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 44rem; margin: 0 auto; padding: 2.5rem 1rem; }
main.wide { max-width: 64rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.5rem;
  margin-bottom: 1.25rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1rem; text-wrap: balance; }
h2 { font-size: 1.05rem; margin: 0 0 .75rem; }
p { margin: 0 0 .75rem; }
p:last-child { margin-bottom: 0; }
a { color: var(--accent); }
a:focus-visible, button:focus-visible, summary:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.muted { color: var(--muted); }
.small { font-size: .875rem; }
.bad { color: var(--bad); }
.notice { background: var(--bad-ground); border-left: 4px solid var(--bad); border-radius: 6px; padding: .75rem 1rem; margin-bottom: 1rem; }
code, pre { font: .875rem/1.5 ui-monospace, SFMono-Regular, Menlo, monospace; background: var(--code); border-radius: 6px; }
code { padding: .1rem .35rem; overflow-wrap: anywhere; -webkit-box-decoration-break: clone; box-decoration-break: clone; }
h1 code { font-size: .85em; padding: 0; background: none; }
pre { padding: .9rem 1rem; margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .4rem 1rem; margin: 0; }
dt { color: var(--muted); }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
@media (max-width: 32rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .6rem; } main { padding: 1.25rem .75rem; } section { padding: 1.1rem; } }
button, .button { display: inline-block; font: inherit; font-weight: 600; padding: .6rem 1.1rem; border-radius: 8px;
  border: 1px solid transparent; background: var(--accent); color: var(--card); text-decoration: none; cursor: pointer; }
button:hover, .button:hover { filter: brightness(1.1); }
.button + p { margin-top: .5rem; }
ul.plain { list-style: none; margin: 0; padding: 0; }
ul.plain li + li { border-top: 1px solid var(--line); margin-top: .75rem; padding-top: .75rem; }
ul.plain + p { border-top: 1px solid var(--line); margin-top: 1rem; padding-top: 1rem; }
@media (min-width: 48rem) { main { padding-top: 4rem; } section { padding: 1.75rem; } }
`

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#4a74e8" stroke-width="2" stroke-linecap="round"><path d="M4 21V11a8 8 0 0 1 16 0v10M9 21V4M15 21V4M4 11h16M4 16h16"/></svg>`
// In the page, so that a browser does not ask for /favicon.ico.
const iconURL = `data:image/svg+xml,${encodeURIComponent(icon)}`

export interface Page {
  title: string
  body: Markup
  status?: number
  /** A script of this server's own, run under a nonce. */
  script?: string
  /** Rules of this page's own, after those that every page has. */
  style?: string
  wide?: boolean
  headers?: Record<string, string>
}

/** A whole page as a Response. Its policy allows nothing but its own style and script; it is never stored. */
export function renderPage(page: Page): Response {
  const nonce = randomBytes(18).toString('base64')
  const content = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${page.title}</title>
<link rel="icon" href="${iconURL}">
<style nonce="${nonce}">${raw(style)}${raw(page.style ?? '')}</style>
</head>
<body>
<main class="${page.wide ? 'wide' : ''}">
${page.body}
</main>
${page.script ? html`<script nonce="${nonce}">${raw(page.script)}</script>` : ''}
</body>
</html>`
  return new Response(String(content), {
    status: page.status ?? 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      // No form-action: Chromium applies it to the redirects that follow a form, also the IdP's.
      'content-security-policy': `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'`,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      ...page.headers,
    },
  })
}
