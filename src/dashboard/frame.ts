/** The frame of the dashboard's pages: menu, heading, messages; and how a form ends. */
import { generateCookie, getCookie, setCookie } from 'hono/cookie'
import type { Config } from '../config.ts'
import type { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { type Content, formError, notice } from '../http/parts.ts'
import { brand, renderScreen, windowTitle } from '../http/screen.ts'
import { cookieName, cookieOptions } from './cookies.ts'
import { menuOf } from './menu.ts'
import { rememberedProject } from './recent-project.ts'
import type { ProjectVisit, Visit } from './visit.ts'

export interface Frame {
  title: string
  /** Which of the pages under this heading it is. */
  tab?: string
  body: Content
  /** The links that lead here, outermost first. */
  crumbs?: readonly (readonly [label: string, href: string])[]
  /** Buttons beside the heading. */
  actions?: Content
  /** A state beside the heading, such as a badge. */
  state?: Content
  status?: number
  /** What went wrong with the form that this page shows again. */
  error?: ApiError | undefined
}

function flashCookie(config: Config): string {
  return cookieName(config, 'portcullis_notice')
}

/** A page of the dashboard, with the project's menu where it belongs to one. */
export function dashboardPage(visit: Visit | ProjectVisit, frame: Frame): Response {
  const { c } = visit
  const { config } = visit.services
  const flash = getCookie(c, flashCookie(config))
  const response = renderScreen({
    title: windowTitle(frame.title, frame.error !== undefined, frame.tab),
    status: frame.status ?? (frame.error ? frame.error.status : 200),
    body: html`<a class="skip" href="#content">Skip to content</a>
<div class="shell">
<nav aria-label="Main"><div class="inner">${brand('/dashboard')}${menuOf(visit)}</div></nav>
<main id="content">
<header class="page-top"><div>${crumbs(frame)}<h1>${frame.title} ${frame.state ?? ''}</h1></div>
${frame.actions ? html`<div class="actions">${frame.actions}</div>` : ''}</header>
${flash ? notice('success', flash) : ''}
${frame.error ? formError(frame.error.message, html`Request id <code>${visit.request_id}</code>`) : ''}
${frame.body}
</main>
</div>`,
  })
  const gone = { ...cookieOptions(config), maxAge: 0 }
  const remembered = rememberedProject(visit)
  if (flash) response.headers.append('set-cookie', generateCookie(flashCookie(config), '', gone))
  if (remembered) response.headers.append('set-cookie', remembered)
  return response
}

function crumbs({ crumbs }: Frame): Markup | '' {
  if (!crumbs) return ''
  return html`<nav class="crumbs" aria-label="Breadcrumb">${crumbs.map(([label, href]) => html`<a href="${href}">${label}</a> <span aria-hidden="true">/</span> `)}</nav>`
}

/** After a form: goes on to a page, which says once what was done. */
export function seeOther({ c, services }: Visit, location: string, message?: string): Response {
  const { config } = services
  if (message) setCookie(c, flashCookie(config), message, { ...cookieOptions(config), maxAge: 60 })
  return c.redirect(location, 303)
}

/** A form that posts to `action`, with the token that the dashboard asks for. */
export function postForm(visit: Visit, action: string, body: Content): Markup {
  return html`<form method="post" action="${action}"><input type="hidden" name="csrf_token" value="${visit.csrf_token}">${body}</form>`
}

/** The form for something that cannot be undone: says what will break and asks for the name. */
export function dangerForm(
  visit: Visit,
  danger: { action: string; name: string; button: string; consequences: Content },
): Markup {
  const id = `confirm-${danger.action.replaceAll(/\W+/g, '-')}`
  return postForm(
    visit,
    danger.action,
    html`<p>${danger.consequences}</p>
<div class="mb-3"><label class="form-label" for="${id}">Type <b>${danger.name}</b> to confirm</label>
<input class="form-control" id="${id}" name="confirm_name" autocomplete="off" data-confirm-name="${danger.name}"></div>
<button class="btn btn-danger">${danger.button}</button>`,
  )
}
