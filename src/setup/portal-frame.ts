/** The frame of the portal's pages: whose portal it is, the steps, and one of them. */
import type { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { type Content, formError, notice, time } from '../http/parts.ts'
import { renderScreen, windowTitle } from '../http/screen.ts'
import type { SetupVisit } from './portal-visit.ts'
import { isLater, stepsOf } from './steps.ts'

export interface PortalPage {
  step: string
  title: string
  body: Content
  error?: ApiError | undefined
  /** Whether what was entered stands, in spite of the error. */
  kept?: boolean
}

const private_ = { 'x-robots-tag': 'noindex, nofollow' }

/** A page of the portal. */
export function portalPage(visit: SetupVisit, page: PortalPage): Response {
  const { project, organization, link, context } = visit
  return renderScreen({
    title: windowTitle(page.title, page.error !== undefined),
    status: page.error?.status ?? 200,
    headers: private_,
    body: html`<a class="skip" href="#content">Skip to content</a>
<div class="portal"><header class="portal-top"><p class="m-0"><b>${project.project_name}</b></p>
<p class="m-0 text-secondary">Single sign-on for ${organization.organization_name}</p></header>
<div class="portal-body">${progress(visit, page.step)}
<main id="content"><p class="step-count text-secondary">${count(visit, page.step)}</p><h1>${page.title}</h1>
${page.error ? formError(page.error.message, html`${page.kept ? 'What you entered was saved all the same; correct it here.' : 'Nothing was changed.'} Request id <code>${context.request_id}</code>`) : ''}
${page.body}
${link.completed_at ? '' : html`<p class="text-secondary mt-4">You can close this page and open your link again until ${time(link.expires_at)}: you go on where you stopped.</p>`}</main></div></div>`,
  })
}

function count({ chosen }: SetupVisit, here: string): string {
  const steps = stepsOf(chosen?.guide ?? null)
  return `Step ${steps.findIndex(({ id }) => id === here) + 1} of ${steps.length}`
}

function progress({ chosen, link }: SetupVisit, here: string): Markup {
  const steps = stepsOf(chosen?.guide ?? null)
  return html`<nav class="steps-list" aria-label="Steps"><ol>${steps.map(({ id, title }, i) => {
    const reached = id === 'choose' || !isLater(steps, id, link.step)
    const state = id === here ? 'here' : reached ? 'reached' : 'ahead'
    const name = html`<span class="step-number" aria-hidden="true">${i + 1}</span><span>${title}</span>`
    return html`<li class="${state}">${
      state === 'reached'
        ? html`<a href="/setup/step/${id}">${name}</a>`
        : html`<span${state === 'here' ? html` aria-current="step"` : ''}>${name}</span>`
    }</li>`
  })}</ol></nav>`
}

/** A form of the portal, with its token. */
export function setupForm(
  visit: SetupVisit,
  action: string,
  body: Content,
  upload = false,
): Markup {
  return html`<form method="post" action="${action}"${upload ? html` enctype="multipart/form-data"` : ''}><input type="hidden" name="csrf_token" value="${visit.csrf_token}">${body}</form>`
}

/** What stands behind a link that opens nothing: revoked, expired, done, or never there. */
export function closedPage(): Response {
  return renderScreen({
    title: 'This link is closed',
    status: 410,
    headers: { ...private_, 'referrer-policy': 'no-referrer' },
    body: html`<main class="narrow" id="content"><h1 class="h2">This setup link is closed</h1>
${notice('warning', 'It has expired, was revoked, or has done its work.', 'Copy the whole link, or ask whoever sent it to you for a new one. What was set up with it stays as it is.')}</main>`,
  })
}
