/** API keys: what an application needs to call the API: project id, secrets and public tokens. */
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { badge, card, copyField, emptyState, facts, notice, table, time } from '../http/parts.ts'
import {
  createPublicToken,
  createSecret,
  deletePublicToken,
  listPublicTokens,
  listSecrets,
} from '../projects/secrets.ts'
import { assertConfirmed } from './ask.ts'
import { environmentBlock } from './development.ts'
import { dangerForm, dashboardPage, postForm, seeOther } from './frame.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

export const apiKeysPages: readonly DashboardPage[] = [
  projectPage({ method: 'GET', path: '/api-keys', needs: 'viewer', run: (visit) => keys(visit) }),
  projectPage({
    method: 'POST',
    path: '/api-keys/secrets',
    needs: 'owner',
    fresh: true,
    run: createAndShow,
  }),
  projectPage({ method: 'POST', path: '/api-keys/public-tokens', needs: 'owner', run: newToken }),
  projectPage({
    method: 'POST',
    path: '/api-keys/public-tokens/delete',
    needs: 'owner',
    fresh: true,
    run: deleteToken,
  }),
]

/** A secret in clear: it stands on the page that answers its creation, and nowhere else. */
export interface FreshSecret {
  secret: string
  /** What to do with it. */
  advice: string
}

/** The page of the project's keys, with a new secret where there is one to show. */
export async function keys(
  visit: ProjectVisit,
  fresh?: FreshSecret,
  error?: ApiError,
): Promise<Response> {
  const { services, project } = visit
  const [secrets, tokens] = await Promise.all([
    listSecrets(services.db, project.project_id),
    listPublicTokens(services.db, project.project_id),
  ])
  return dashboardPage(visit, {
    title: 'API keys',
    error,
    body: html`${fresh ? shownOnce(fresh) : ''}
${card(
  'Project',
  facts([
    ['Project id', copyField(project.project_id)],
    ['API address', copyField(services.config.base_url)],
  ]),
)}
${secretList(visit, secrets)}
${tokenList(visit, tokens)}
${environment(visit, tokens[0]?.public_token, fresh?.secret)}`,
  })
}

function shownOnce({ secret, advice }: FreshSecret): Markup {
  return notice(
    'success',
    'The new secret. Copy it now: it is not shown again.',
    html`<div class="my-2">${copyField(secret, 'Copy the secret')}</div>${advice}`,
  )
}

type Secrets = Awaited<ReturnType<typeof listSecrets>>

function secretList(visit: ProjectVisit, secrets: Secrets): Markup {
  const now = visit.services.now()
  const owner = visit.admin.role === 'owner'
  const rows = secrets.map(({ secret_id, last_four, created_at, expires_at, last_used_at }) => {
    const name = html`<code>…${last_four}</code>`
    return [
      owner ? html`<a href="${visit.base}/api-keys/secrets/${secret_id}">${name}</a>` : name,
      time(created_at),
      time(last_used_at, 'never'),
      expires_at && expires_at <= now ? badge('expired', 'red') : time(expires_at, 'never'),
      owner
        ? html`<a class="btn btn-sm" href="${visit.base}/api-keys/secrets/${secret_id}" aria-label="Rotate or revoke the secret that ends in ${last_four}">Rotate or revoke</a>`
        : '',
    ]
  })
  return html`<section class="card"><div class="card-header"><div><h2 class="card-title">Secrets</h2>
<div class="card-subtitle">With the project id they open the whole API: they belong on your servers only. Several may be valid at once.</div></div></div>
${
  rows.length > 0
    ? table(['Ends in', 'Created', 'Last used', 'Expires', ''], rows)
    : emptyState('No secret', 'Without one your application cannot call the API. Create the first.')
}
${owner ? html`<div class="card-footer">${postForm(visit, `${visit.base}/api-keys/secrets`, html`<button class="btn btn-primary">Create secret</button>`)}</div>` : html`<div class="card-footer text-secondary">Secrets are created, rotated and revoked by an owner.</div>`}
</section>`
}

function tokenList(visit: ProjectVisit, tokens: Awaited<ReturnType<typeof listPublicTokens>>) {
  const owner = visit.admin.role === 'owner'
  const rows = tokens.map(({ public_token, created_at }) => [
    copyField(public_token),
    time(created_at),
    owner && tokens.length > 1 ? deletion(visit, public_token) : '',
  ])
  return html`<section class="card"><div class="card-header"><div><h2 class="card-title">Public tokens</h2>
<div class="card-subtitle">They name the project in links that start a login, and are no secret.</div></div></div>
${
  rows.length > 0
    ? table(['Public token', 'Created', ''], rows)
    : emptyState('No public token', 'Without one no login can start. Create the first.')
}
${owner ? html`<div class="card-footer">${postForm(visit, `${visit.base}/api-keys/public-tokens`, html`<button class="btn">Create public token</button>`)}</div>` : ''}
</section>`
}

function deletion(visit: ProjectVisit, public_token: string): Markup {
  return html`<details><summary class="btn btn-sm" aria-label="Delete ${public_token}">Delete</summary><div class="mt-3">${dangerForm(
    visit,
    {
      action: `${visit.base}/api-keys/public-tokens/delete?public_token=${public_token}`,
      name: public_token.slice(-4),
      button: 'Delete public token',
      consequences:
        'Every link and browser that still starts logins with it is refused at once. The hosted login pages go on with the oldest token that is left.',
    },
  )}</div></details>`
}

function environment(visit: ProjectVisit, public_token?: string, secret?: string): Markup {
  const { services, project } = visit
  const block = environmentBlock({
    project_id: project.project_id,
    secret: secret ?? '<your secret>',
    public_token: public_token ?? '<your public token>',
    base_url: services.config.base_url,
  })
  return card(
    'For the official Stytch SDKs',
    html`<p class="text-secondary">Set these in your application’s environment, and give the base URL to the SDK’s client.</p><pre>${block}</pre>`,
    html`<button type="button" class="btn btn-sm" data-copy="${block}">Copy</button>`,
  )
}

async function createAndShow(visit: ProjectVisit): Promise<Response> {
  const { services, project } = visit
  const { secret, secret_id, last_four } = await createSecret(services.db, {
    project_id: project.project_id,
  })
  services.caches.drop('project', project.project_id)
  await visit.audit({
    action: 'secret.create',
    target_type: 'secret',
    target_id: secret_id,
    target_name: `…${last_four}`,
  })
  return keys(visit, { secret, advice: 'The other secrets stay valid.' })
}

async function newToken(visit: ProjectVisit): Promise<Response> {
  const { services, project, base } = visit
  const { project_id } = project
  const { public_token } = await createPublicToken(services.db, { project_id })
  services.caches.drop('project', project_id)
  await visit.audit({
    action: 'public_token.create',
    target_type: 'public_token',
    target_id: public_token,
  })
  return seeOther(visit, `${base}/api-keys`, 'The public token was created.')
}

async function deleteToken(visit: ProjectVisit): Promise<Response> {
  const { services, project, c, base } = visit
  const public_token = c.req.query('public_token') ?? ''
  try {
    assertConfirmed(visit, public_token.slice(-4))
    await deletePublicToken(services.db, { project_id: project.project_id, public_token })
  } catch (error) {
    if (error instanceof ApiError) return keys(visit, undefined, error)
    throw error
  }
  services.caches.drop('project', project.project_id)
  await visit.audit({
    action: 'public_token.delete',
    target_type: 'public_token',
    target_id: public_token,
  })
  return seeOther(visit, `${base}/api-keys`, 'The public token was deleted.')
}
