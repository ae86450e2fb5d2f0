/** Home: the way to the first login, what fails and what falls due; in development what this run has. */
import { html, type Markup } from '../http/html.ts'
import { card, copyField, emptyState, facts, table, time } from '../http/parts.ts'
import { renderPart } from '../http/screen.ts'
import { type FirstLogin, firstLogin } from '../sso/first-login.ts'
import { resultBadge } from '../sso/trace-page.ts'
import { listLogins } from '../sso/traces.ts'
import { type DevelopmentRun, developmentRun, environmentBlock } from './development.ts'
import { dashboardPage } from './frame.ts'
import { attentionPart } from './home-attention.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

export const homePages: readonly DashboardPage[] = [
  projectPage({ method: 'GET', path: '', needs: 'viewer', run: home }),
  projectPage({
    method: 'GET',
    path: '/home/now',
    needs: 'viewer',
    run: async (visit) => renderPart(await now(visit)),
  }),
]

async function home(visit: ProjectVisit): Promise<Response> {
  const run = ownRun(visit)
  return dashboardPage(visit, {
    title: 'Home',
    body: html`${await attentionPart(visit)}<div hx-get="${visit.base}/home/now" hx-trigger="every 3s" hx-swap="innerHTML">${await now(visit)}</div>
${run ? development(visit, run) : ''}`,
  })
}

/** The facts of `npm start`, on the project that it seeds. */
function ownRun({ services, project }: ProjectVisit): DevelopmentRun | undefined {
  const run = developmentRun(services)
  return run?.project_id === project.project_id ? run : undefined
}

/** What changes while somebody looks. */
async function now(visit: ProjectVisit): Promise<Markup> {
  const { services, project } = visit
  const [steps, { logins }] = await Promise.all([
    firstLogin(services.db, project.project_id),
    listLogins(services.db, project.project_id, { limit: 8 }, services.now()),
  ])
  const rows = logins.map((login) => [
    html`<a href="${visit.base}/logins/${login.flow_id}">${time(login.started_at)}</a>`,
    login.email_address ?? html`<span class="text-secondary">not known</span>`,
    login.organization_slug ?? login.organization_id,
    resultBadge(login),
  ])
  return html`${steps.redeemed ? '' : checklist(visit, steps)}
<section class="card"><div class="card-header"><h2 class="card-title">Last logins</h2><div class="card-actions"><a href="${visit.base}/logins">All logins</a></div></div>
${rows.length > 0 ? table(['Started', 'E-mail', 'Organization', 'Result'], rows) : emptyState('No login yet', 'Each login appears here the moment it begins, with every check that was made of it.')}</section>`
}

function checklist({ base }: ProjectVisit, steps: FirstLogin): Markup {
  const list: [boolean, string, string, string][] = [
    [true, 'The server answers', 'You are looking at it.', ''],
    [
      steps.redirect_url,
      'A redirect URL is registered',
      'Where members go in your application after they have signed in.',
      `${base}/redirect-urls`,
    ],
    [
      steps.organization,
      'An organization exists',
      'A customer of your application.',
      `${base}/organizations`,
    ],
    [
      steps.active_connection,
      'It has an active connection',
      'The link to its identity provider, over SAML or OpenID Connect.',
      `${base}/connections`,
    ],
    [
      steps.started,
      'A login has begun',
      'Open a connection’s start link, or the organization’s login page.',
      `${base}/connections`,
    ],
    [
      steps.verified,
      'The identity provider’s answer was believed',
      'Where it was not, the login’s trace says why and who must act.',
      `${base}/logins`,
    ],
    [
      steps.redeemed,
      'Your application has redeemed the token',
      'sso.authenticate() with an official Stytch SDK.',
      `${base}/api-keys`,
    ],
  ]
  const done = list.filter(([ticked]) => ticked).length
  return card(
    'The first login',
    html`<p class="text-secondary">${done} of ${list.length} steps done. The ticks appear by themselves.</p>
<ol class="list-unstyled m-0">${list.map(
      ([ticked, name, text, href]) => html`<li class="d-flex gap-3 py-2">
<span class="${ticked ? 'text-green' : 'text-secondary'}" aria-hidden="true">${ticked ? '✔' : '○'}</span>
<div><b>${ticked || !href ? name : html`<a href="${href}">${name}</a>`}</b> <span class="visually-hidden">${ticked ? 'done' : 'to do'}</span><div class="text-secondary">${text}</div></div></li>`,
    )}</ol>`,
  )
}

function development({ project }: ProjectVisit, run: DevelopmentRun): Markup {
  const block = environmentBlock(run)
  return html`${card(
    'Try a login',
    html`${run.organizations.map(
      ({
        organization_slug,
        sso_connections,
      }) => html`<p>Organization <code>${organization_slug}</code></p>
<p class="d-flex flex-wrap gap-2">${sso_connections.map(
        ({ type, start_url }) =>
          html`<a class="btn btn-primary" href="${start_url}">Sign in over ${type.toUpperCase()}</a>`,
      )}</p>
<p>Both are on its <a href="/login/${project.project_slug}/${organization_slug}">hosted login page</a>.</p>`,
    )}
<p class="text-secondary m-0">Or begin at the <a href="${run.app_url}">example application</a>; the people who can sign in are at the <a href="${run.test_idp_url}">test identity provider</a>.</p>`,
  )}
${card(
  'This project in an application',
  html`${facts([
    ['Project id', copyField(run.project_id)],
    ['Public token', copyField(run.public_token)],
  ])}
<h3 class="mt-3">Environment for the Stytch SDKs</h3><pre>${block}</pre>
<button type="button" class="btn btn-sm mt-2" data-copy="${block}" aria-label="Copy the environment for the Stytch SDKs">Copy</button>`,
)}`
}
