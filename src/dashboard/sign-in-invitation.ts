/** What a link leads to: the first administrator, one more, or a new password. */
import type { Hono } from 'hono'
import { acceptLink, findOpenLink, linkNotFound, type OpenLink } from '../admins/accept-link.ts'
import type { Services } from '../context.ts'
import type { ApiError } from '../http/errors.ts'
import type { Form } from '../http/form.ts'
import { html } from '../http/html.ts'
import { field } from '../http/parts.ts'
import { answerOutside, type OutsideForm, outsidePage, startSession } from './sign-in-frame.ts'

const path = '/dashboard/invitation'

/** Mounts `/dashboard/invitation`. Looking at a link does not use it: programs look at links in mail. */
export function mountInvitation(app: Hono, services: Services): void {
  app.get(path, async (c) => {
    const token = c.req.query('token') ?? ''
    try {
      services.limits.call(c, path, 'dashboard')
    } catch (error) {
      return outsidePage({ title: 'Please wait', body: '', error: error as ApiError })
    }
    const link = await findOpenLink(services, token)
    if (link) return linkPage(link, token)
    services.limits.callFailed(c, 'dashboard')
    return gonePage()
  })
  app.post(path, (c) =>
    answerOutside(services, c, accept, async ({ form }, error) => {
      const token = form.raw('token')
      const link = await findOpenLink(services, token)
      return link ? linkPage(link, token, { form, error }) : gonePage(error)
    }),
  )
}

async function accept(outside: OutsideForm): Promise<Response> {
  const { services, c, form, address, request_id } = outside
  const admin = await acceptLink(services, {
    token: form.raw('token'),
    email_address: form.text('email_address'),
    name: form.text('name'),
    password: form.raw('password'),
    address,
    request_id,
  })
  await startSession(outside, admin)
  return c.redirect('/dashboard', 303)
}

const titles = {
  first: 'The first administrator',
  invitation: 'Become an administrator',
  reset: 'A new password',
}
const roles = {
  owner: 'an owner, who may do everything',
  editor: 'an editor, who may change organizations, connections and members',
  viewer: 'a viewer, who may look at everything and change nothing',
}

function linkPage(
  { purpose, email_address, role }: OpenLink,
  token: string,
  again?: { form: Form; error: ApiError },
): Response {
  const first = purpose === 'first'
  const typed = (name: string) => again?.form.text(name) ?? ''
  const email = first
    ? field({
        name: 'email_address',
        label: 'E-mail address',
        type: 'email',
        required: true,
        autocomplete: 'username',
        value: typed('email_address'),
      })
    : html`<div class="mb-3"><label class="form-label" for="field-email_address">E-mail address</label>
<input class="form-control" type="email" id="field-email_address" name="email_address" value="${email_address}" readonly autocomplete="username"></div>`
  const name = field({
    name: 'name',
    label: 'Your name',
    autocomplete: 'name',
    value: typed('name'),
    hint: 'It stands beside what you change.',
  })
  return outsidePage({
    title: titles[purpose],
    error: again?.error,
    body: html`<p>${explain(purpose, role)}</p>
<form method="post" action="${path}"><input type="hidden" name="token" value="${token}">
${email}${purpose === 'reset' ? '' : name}
${field({ name: 'password', label: 'Password', type: 'password', required: true, autocomplete: 'new-password', hint: 'At least 12 characters: a few words that only you would put together.' })}
<button class="btn btn-primary w-100">${purpose === 'reset' ? 'Set password and sign in' : 'Make account and sign in'}</button></form>`,
  })
}

function explain(purpose: OpenLink['purpose'], role: OpenLink['role']): string {
  if (purpose === 'first')
    return 'This server has no administrator yet. Whoever fills in this form becomes its first owner; this link, and any other like it, is worthless from then on.'
  if (purpose === 'reset')
    return 'Choose a new password. Your authenticator app will be dropped and you are signed out everywhere; enrol the app again under Your account.'
  return `You were invited to the dashboard of this server as ${roles[role]}.`
}

function gonePage(error?: ApiError): Response {
  return outsidePage({
    title: 'This link does not open',
    error: error?.status === 404 || !error ? linkNotFound() : error,
    body: html`<p class="mb-0">Ask whoever gave it to you for a new one. If you have an account already, <a href="/dashboard/sign-in">sign in</a>.</p>`,
  })
}
