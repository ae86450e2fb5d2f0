/** The frame of the pages on Tabler: dashboard and setup portal. Nothing in them comes from elsewhere. */
import type { Context, Next } from 'hono'
import { assetURL } from './assets.ts'
import { html, type Markup } from './html.ts'

export interface Screen {
  title: string
  /** Everything within `<body>`. */
  body: Markup
  status?: number
  headers?: Record<string, string>
}

const mark = html`<svg viewBox="0 0 24 24" fill="none" stroke="#4a74e8" stroke-width="2" stroke-linecap="round" aria-hidden="true"><path d="M4 21V11a8 8 0 0 1 16 0v10M9 21V4M15 21V4M4 11h16M4 16h16"/></svg>`

/** The product's mark with its name, or with what stands for it, as a link. */
export function brand(href: string, name = 'Portcullis'): Markup {
  return html`<a class="brand" href="${href}">${mark}<span>${name}</span></a>`
}

const policy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  // No form-action: Chromium applies it to the redirects that follow a form, also the IdP's.
].join('; ')

/** A whole page as a Response; never stored. Its address goes to no other site. */
export function renderScreen(screen: Screen): Response {
  const content = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="htmx-config" content='{"includeIndicatorCSS":false}'>
<title>${screen.title} · Portcullis</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(String(mark).replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" '))}">
<link rel="stylesheet" href="${assetURL('tabler.css')}">
<link rel="stylesheet" href="${assetURL('pages.css')}">
<script src="${assetURL('pages.js')}"></script>
<script src="${assetURL('htmx.js')}" defer></script>
</head>
<body>
${screen.body}
</body>
</html>`
  return new Response(String(content), {
    status: screen.status ?? 200,
    headers: { ...commonHeaders, 'content-security-policy': policy, ...screen.headers },
  })
}

const commonHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  // A form's Origin header would be `null` under no-referrer.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
}

/**
 * Middleware for everything below an address: redirects, parts and downloads are as little stored, framed or
 * run as the pages. What a response says of itself stays.
 */
export async function guardPages(c: Context, next: Next): Promise<void> {
  await next()
  const { 'content-type': _, ...common } = commonHeaders
  for (const [name, value] of Object.entries({ ...common, 'content-security-policy': policy }))
    if (!c.res.headers.has(name)) c.header(name, value)
}

/** A part of a page, for htmx to put in place of an older one. */
export function renderPart(body: Markup): Response {
  return new Response(String(body), { headers: commonHeaders })
}

/** What a window is called: a page that says what went wrong begins with that, and a tab with its own name. */
export function windowTitle(title: string, failed: boolean, tab = ''): string {
  return `${failed ? 'Error: ' : ''}${tab ? `${tab} · ` : ''}${title}`
}
