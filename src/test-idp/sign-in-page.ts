import type { Context } from 'hono'
import { html } from 'hono/html'
import { TestIdPError } from './error.ts'
import { type Markup, page } from './layout.ts'
import { findUser, makeUpUser, type TestIdPUser } from './users.ts'

/** What can be chosen about a SAML Response. */
export interface ResponseOptions {
  sign: readonly string[]
  encryption: readonly string[]
}

/** What the sign-in page shows; `flow` comes back in the hidden field of that name, to `action`. */
export interface SignInPage {
  action: string
  flow: string
  application: string
  users: readonly TestIdPUser[]
  hint?: string | undefined
  response_options?: ResponseOptions
  facts: Record<string, string | undefined>
}

/** The page that asks who signs in: one form, a button for each user, works without scripts. */
export function signInPage(c: Context, content: SignInPage) {
  const hinted = content.hint === undefined ? undefined : findUser(content.users, content.hint)
  const body = html`<section>
<h1>Who is signing in?</h1>
<p class="muted"><b>${content.application}</b> asks you to sign in. Be anybody: there are no passwords.</p>
<form method="post" action="${content.action}" autocomplete="off">
<input type="hidden" name="flow" value="${content.flow}">
<button class="unseen" tabindex="-1" aria-hidden="true" name="user" value="">Sign in</button>
<ul class="users">
${content.users.map(
  (user) => html`<li><button class="user" name="user" value="${user.email}" formnovalidate>
${userLabel(user, user.id === hinted?.id)}
</button></li>
`,
)}</ul>
${somebodyElse(hinted && !content.users.includes(hinted) ? hinted.email : '')}
${content.response_options ? responseOptions(content.response_options) : ''}
<details><summary>About this request</summary>${facts(content.facts)}</details>
<button class="quiet" name="action" value="cancel" formnovalidate>Cancel</button>
</form>
</section>`
  return page(c, { title: 'Sign in', body })
}

/** Initials, name, groups and e-mail address of a user. */
export function userLabel(user: TestIdPUser, asked_for = false): Markup {
  const initials = `${user.given_name.charAt(0)}${user.family_name.charAt(0)}`
  const chips: [string, string][] = user.groups.map((group) => [group, 'chip'])
  if (!user.email_verified) chips.unshift(['unverified e-mail', 'chip warn'])
  if (asked_for) chips.unshift(['asked for', 'chip warn'])
  return html`<span class="avatar" aria-hidden="true">${initials}</span>
<b>${user.name}</b>
<span class="email">${user.email}</span>
<span class="chips">${chips.map(([text, kind]) => html`<span class="${kind}">${text}</span> `)}</span>`
}

/** Terms and their values; those without a value are left out. */
export function facts(values: Record<string, string | Markup | undefined>): Markup {
  const rows = Object.entries(values).filter(([, value]) => value)
  return html`<dl>${rows.map(
    ([term, value]) => html`<div><dt>${term}</dt><dd><code>${value}</code></dd></div>`,
  )}</dl>`
}

/** The user that the sign-in form names: a button's, or the one typed in. Throws TestIdPError where there is none. */
export function chosenUser(users: readonly TestIdPUser[], form: URLSearchParams): TestIdPUser {
  const named = form.get('user') || (form.get('email') ?? '')
  const listed = users.find((user) => user.email.toLowerCase() === named.trim().toLowerCase())
  const user = listed ?? makeUpUser(named, form.get('name') ?? '', form.get('groups') ?? '')
  if (!user) throw new TestIdPError('That is not an e-mail address. Go back and enter one.')
  return user
}

/** A page that posts `fields` to `url` by itself, or with its button where scripts don't run. */
export function postPage(
  c: Context,
  url: string,
  headline: string,
  fields: Record<string, string | undefined>,
) {
  const inputs = Object.entries(fields).filter(([, value]) => value !== undefined)
  const body = html`<section>
<h1>${headline}</h1>
<p class="muted">Back to <b>${new URL(url).host}</b> …</p>
<form method="post" action="${url}">
${inputs.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<button class="primary">Continue</button>
</form>
</section>`
  return page(c, { title: headline, body, script: 'document.forms[0].submit()' })
}

function somebodyElse(email: string): Markup {
  return html`<details ${email ? 'open' : ''}><summary>Sign in as someone else</summary>
<div class="fields">
<div class="field"><label for="email">E-mail address</label>
<input id="email" name="email" type="email" required value="${email}" placeholder="somebody@acme.test"></div>
<div class="field"><label for="name">Name <span class="hint">(optional)</span></label>
<input id="name" name="name" placeholder="Katherine Johnson"></div>
<div class="field"><label for="groups">Groups <span class="hint">(optional, separated by commas)</span></label>
<input id="groups" name="groups" placeholder="engineering, admins"></div>
<button class="primary" name="user" value="">Sign in</button>
</div></details>`
}

function responseOptions({ sign, encryption }: ResponseOptions): Markup {
  return html`<details><summary>Response options</summary>
<div class="fields"><div class="field"><label for="sign">What is signed</label>
<select id="sign" name="sign">${choices(sign)}</select></div>
<div class="field"><label for="encryption_certificate">Encrypt the assertion for <span class="hint">(optional, the encryption certificate of the SP metadata)</span></label>
<textarea id="encryption_certificate" name="encryption_certificate" rows="3" spellcheck="false" placeholder="-----BEGIN CERTIFICATE-----"></textarea></div>
<div class="field"><label for="encryption">Encrypted with</label>
<select id="encryption" name="encryption">${choices(encryption)}</select></div>
</div></details>`
}

function choices(values: readonly string[]): Markup {
  return html`${values.map((value) => html`<option value="${value}">${value}</option>`)}`
}
