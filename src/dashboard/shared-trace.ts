/**
 * `/trace/{token}`: one login's trace for somebody without an account, such as a customer's IT
 * administrator. It shows what the identity provider sent and what became of it: no ids of members, sessions
 * and organizations, no other logins, no raw messages.
 */
import type { Hono } from 'hono'
import type { Services } from '../context.ts'
import { html, type Markup } from '../http/html.ts'
import { card, facts, notice, time } from '../http/parts.ts'
import { noteRequest } from '../http/request-log.ts'
import { renderScreen } from '../http/screen.ts'
import { findProject } from '../projects/projects.ts'
import type { Check } from '../sso/flow.ts'
import { tellRefusals } from '../sso/routes.ts'
import { findSharedTrace, type SharedTrace } from '../sso/trace-links.ts'
import { durationText, resultBadge, traceBody, visible } from '../sso/trace-page.ts'
import type { LoginTrace } from '../sso/traces.ts'

/** Mounts the page; `app` answers it before anything that asks for an account. */
export function mountSharedTrace(app: Hono, services: Services): void {
  const tell = tellRefusals(services)
  app.get('/trace/:token', (c) =>
    tell(c, async () => {
      const token = c.req.param('token')
      services.limits.visit(c, 'start', '/trace', token)
      const shared = await findSharedTrace(services, token)
      if (shared?.state === 'open') {
        const { project_id } = shared
        noteRequest(services, c.req.raw, { project_id })
        const { project_name } = await findProject(services, project_id)
        return tracePage(project_name, shared)
      }
      if (!shared) services.limits.visitFailed(c)
      return closed(shared)
    }),
  )
}

const private_ = { 'referrer-policy': 'no-referrer', 'x-robots-tag': 'noindex, nofollow' }

type Open = Extract<SharedTrace, { state: 'open' }>

function tracePage(project_name: string, { login, expires_at }: Open): Response {
  const trace = withoutIds(login)
  return renderScreen({
    title: 'A login, explained',
    headers: private_,
    body: html`<main class="middle" id="content">
<p class="text-secondary m-0">${project_name}</p>
<h1>A login, explained</h1>
<p class="text-secondary">This page was given to you so that you can see what happened in one login, and mend what has to be mended at your identity provider. It says nothing about other logins. It opens until ${time(expires_at)}.</p>
${traceBody(trace)}
${card('Facts', factsOf(trace))}
<p class="text-secondary">When you write about this login, pass on the request id.</p>
</main>`,
  })
}

function factsOf(trace: LoginTrace): Markup {
  const { email_address, name, subject, connection_display_name, durations } = trace
  const text = (value: string) => html`<bdi>${visible(value, 300)}</bdi>`
  return facts([
    ['Result', resultBadge(trace)],
    ['Started', time(trace.started_at)],
    durations.total_ms === null ? null : ['Took', durationText(durations.total_ms)],
    connection_display_name ? ['Connection', text(connection_display_name)] : null,
    trace.connection_type
      ? ['Protocol', trace.connection_type === 'saml' ? 'SAML 2.0' : 'OpenID Connect']
      : null,
    email_address ? ['E-mail address', text(email_address)] : null,
    name ? ['Name', text(name)] : null,
    subject ? ['Subject', html`<code>${text(subject)}</code>`] : null,
    ['Request id', html`<code>${trace.request_id}</code>`],
  ])
}

/** Ids of this server's that the reader has no use for; those of a connection are part of its addresses. */
const internalId = /\b(member|organization|session|email|sso-flow)-(test|live)-[0-9a-f-]{36}/g

/** The trace as it may leave the house. */
export function withoutIds(trace: LoginTrace): LoginTrace {
  const clean = (text: string) => text.replace(internalId, '$1')
  const checks = trace.checks.map((check): Check => {
    const { expected, actual, fix } = check
    return {
      ...check,
      ...(expected !== undefined && { expected: clean(expected) }),
      ...(actual !== undefined && { actual: clean(actual) }),
      ...(fix && { fix: { who: fix.who, what: clean(fix.what) } }),
    }
  })
  return { ...trace, checks, flow_id: '', member_id: null, member_session_id: null }
}

const reasons = {
  expired: 'This link has expired.',
  revoked: 'This link was revoked.',
  gone: 'The login that this link showed is not kept any more.',
  unknown: 'This link opens nothing.',
}

function closed(shared: Exclude<SharedTrace, Open> | undefined): Response {
  const known = shared !== undefined
  return renderScreen({
    title: 'Link not valid',
    status: known ? 410 : 404,
    headers: private_,
    body: html`<main class="narrow" id="content"><h1 class="h2">Link not valid</h1>${notice(
      'warning',
      reasons[shared?.state ?? 'unknown'],
      known
        ? 'Ask whoever sent it to you for a new one.'
        : 'Copy the whole link, or ask whoever sent it to you for a new one.',
    )}</main>`,
  })
}
