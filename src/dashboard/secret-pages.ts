/** One secret: it is replaced without an outage (rotation), or revoked. */
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { badge, card, facts, field, time } from '../http/parts.ts'
import { listSecrets, revokeSecret, rotateSecret } from '../projects/secrets.ts'
import { keys } from './api-keys-pages.ts'
import { assertConfirmed, parameter } from './ask.ts'
import { dangerForm, dashboardPage, postForm, seeOther } from './frame.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

const path = '/api-keys/secrets/:secret_id'

export const secretPages: readonly DashboardPage[] = [
  projectPage({ method: 'GET', path, needs: 'owner', run: (visit) => secretPage(visit) }),
  projectPage({
    method: 'POST',
    path: `${path}/rotate`,
    needs: 'owner',
    fresh: true,
    run: orAgain(rotate),
  }),
  projectPage({
    method: 'POST',
    path: `${path}/revoke`,
    needs: 'owner',
    fresh: true,
    run: orAgain(revoke),
  }),
]

const overlaps = [
  ['1', 'for 1 hour'],
  ['24', 'for 24 hours'],
  ['168', 'for 7 days'],
] as const

type Secret = Awaited<ReturnType<typeof listSecrets>>[number]

async function load({ services, project }: ProjectVisit, secret_id: string): Promise<Secret> {
  const secrets = await listSecrets(services.db, project.project_id)
  const secret = secrets.find((each) => each.secret_id === secret_id)
  if (!secret) throw new ApiError('secret_not_found')
  return secret
}

function orAgain(work: (visit: ProjectVisit, secret: Secret) => Promise<Response>) {
  return async (visit: ProjectVisit): Promise<Response> => {
    const secret = await load(visit, parameter(visit, 'secret_id'))
    try {
      return await work(visit, secret)
    } catch (error) {
      if (error instanceof ApiError) return secretPage(visit, error)
      throw error
    }
  }
}

async function secretPage(visit: ProjectVisit, error?: ApiError): Promise<Response> {
  const secret = await load(visit, parameter(visit, 'secret_id'))
  const { last_four, created_at, last_used_at, expires_at, secret_id } = secret
  const expired = expires_at !== null && expires_at <= visit.services.now()
  const here = `${visit.base}/api-keys/secrets/${secret_id}`
  return dashboardPage(visit, {
    title: `Secret …${last_four}`,
    state: expired ? badge('expired', 'red') : badge('valid', 'green'),
    crumbs: [['API keys', `${visit.base}/api-keys`]],
    error,
    body: html`${card(
      'Facts',
      facts([
        ['Created', time(created_at)],
        ['Last used', time(last_used_at, 'never')],
        ['Expires', time(expires_at, 'never')],
      ]),
    )}${expired ? '' : rotation(visit, here)}${card(
      'Danger zone',
      dangerForm(visit, {
        action: `${here}/revoke`,
        name: last_four,
        button: 'Revoke secret',
        consequences: html`The API refuses it within a second, in every application that still uses it. ${last_used_at ? html`It was last used ${time(last_used_at)}.` : 'It has never been used.'} Its last four characters are <code>${last_four}</code>.`,
      }),
    )}`,
  })
}

function rotation(visit: ProjectVisit, here: string): Markup {
  return card(
    'Rotate',
    html`<p>Makes a new secret and keeps this one valid meanwhile, so that your applications can change over without an outage.</p>
${postForm(visit, `${here}/rotate`, html`${field({ name: 'overlap', label: 'This one stays valid', value: '24', options: overlaps })}<button class="btn btn-primary">Rotate secret</button>`)}`,
  )
}

async function rotate(visit: ProjectVisit, { secret_id, last_four }: Secret): Promise<Response> {
  const { services, project, form } = visit
  const hours = Number(overlaps.find(([value]) => value === form.text('overlap'))?.[0])
  if (Number.isNaN(hours))
    throw new ApiError('bad_request', { message: 'Choose how long the old secret stays valid.' })
  const now = services.now()
  const rotated = await rotateSecret(services.db, {
    project_id: project.project_id,
    secret_id,
    old_expires_at: new Date(now.getTime() + hours * 3_600_000),
    now,
  })
  services.caches.drop('project', project.project_id)
  await visit.audit({
    action: 'secret.rotate',
    target_type: 'secret',
    target_id: secret_id,
    target_name: `…${last_four}`,
    after: { expires_at: rotated.old_expires_at, replaced_by: `…${rotated.last_four}` },
  })
  const until = rotated.old_expires_at.toISOString().slice(0, 16).replace('T', ' ')
  return keys(visit, {
    secret: rotated.secret,
    advice: `The old one, …${last_four}, is valid until ${until} UTC: give your applications the new one before.`,
  })
}

async function revoke(visit: ProjectVisit, { secret_id, last_four }: Secret): Promise<Response> {
  const { services, project, base } = visit
  assertConfirmed(visit, last_four)
  await revokeSecret(services.db, { project_id: project.project_id, secret_id })
  services.caches.drop('project', project.project_id)
  await visit.audit({
    action: 'secret.revoke',
    target_type: 'secret',
    target_id: secret_id,
    target_name: `…${last_four}`,
  })
  return seeOther(visit, `${base}/api-keys`, `The secret …${last_four} was revoked.`)
}
