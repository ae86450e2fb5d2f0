/** Settings: what members see on the login pages, and what the operator has decided. */
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { card, checkbox, copyField, facts, field } from '../http/parts.ts'
import { changeProjectSettings } from '../projects/project-settings.ts'
import { changed } from './ask.ts'
import { dashboardPage, postForm, seeOther } from './frame.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

export const settingsPages: readonly DashboardPage[] = [
  projectPage({ method: 'GET', path: '/settings', needs: 'viewer', run: (visit) => page(visit) }),
  projectPage({ method: 'POST', path: '/settings', needs: 'editor', run: save }),
]

function page(visit: ProjectVisit, error?: ApiError): Response {
  return dashboardPage(visit, {
    title: 'Settings',
    error,
    body: html`${loginPages(visit)}${operator(visit)}`,
  })
}

function loginPages(visit: ProjectVisit): Markup {
  const { project, form, c, services } = visit
  const typed = c.req.method === 'POST'
  const value = (name: 'project_name' | 'project_logo_url' | 'project_color') =>
    typed ? form.text(name) : project[name]
  const ticked = (name: 'login_straight' | 'login_by_email') =>
    typed ? form.flag(name) : project[name]
  const address = `${services.config.base_url}/login/${project.project_slug}`
  return card(
    'Login pages',
    html`<p class="text-secondary">Members find their organization at <a href="${address}">${address}</a>; each organization has a page of its own behind it.</p>
${postForm(
  visit,
  `${visit.base}/settings`,
  html`${field({ name: 'project_name', label: 'Name', required: true, value: value('project_name'), hint: 'Your application’s name, as members know it.' })}
${field({ name: 'project_logo_url', label: 'Logo', type: 'url', value: value('project_logo_url'), placeholder: 'https://www.example.com/logo.png', hint: 'The https address of a PNG, JPEG, WebP or GIF of at most 200 KB. This server fetches it and serves it itself.' })}
${field({ name: 'project_color', label: 'Colour', value: value('project_color'), placeholder: '#1f6feb', hint: 'Of the main button. What is written on it is black or white, whichever can be read.' })}
${checkbox('login_straight', 'Go straight to the identity provider where an organization has one connection', ticked('login_straight'))}
${checkbox('login_by_email', 'Let members find their organization by their e-mail address', ticked('login_by_email'))}
<div class="form-hint mb-3">By its domain, where an organization lists it among its allowed domains. It then can be found out which organizations those are.</div>
${visit.admin.role === 'viewer' ? '' : html`<button class="btn btn-primary">Save</button>`}`,
)}`,
  )
}

function operator({ project, services }: ProjectVisit): Markup {
  const { config } = services
  return card(
    'Decided elsewhere',
    facts([
      ['Project id', copyField(project.project_id)],
      ['Project slug', html`<code>${project.project_slug}</code>`],
      ['Environment', project.environment],
      ['Address of this server', html`<code>${config.base_url}</code>`],
      [
        'Logins are kept for',
        html`${config.flow_retention_days} days <span class="text-secondary">(PORTCULLIS_FLOW_RETENTION_DAYS)</span>`,
      ],
      [
        'Mail',
        config.smtp_url
          ? 'sent'
          : config.mode === 'development'
            ? html`not sent: it can be read under <a href="/dashboard/mail">Mail</a>`
            : html`not sent <span class="text-secondary">(PORTCULLIS_SMTP_URL is not set)</span>`,
      ],
    ]),
  )
}

async function save(visit: ProjectVisit): Promise<Response> {
  const { services, project, form } = visit
  const before = {
    project_name: project.project_name,
    project_logo_url: project.project_logo_url,
    project_color: project.project_color,
    login_straight: project.login_straight,
    login_by_email: project.login_by_email,
  }
  try {
    const after = await changeProjectSettings(services, project.project_id, {
      project_name: form.text('project_name'),
      project_logo_url: form.text('project_logo_url'),
      project_color: form.text('project_color').toLowerCase(),
      login_straight: form.flag('login_straight'),
      login_by_email: form.flag('login_by_email'),
    })
    await visit.audit({
      action: 'project.update',
      target_type: 'project',
      target_id: project.project_id,
      target_name: after.project_name,
      ...changed(before, after),
    })
    return seeOther(visit, `${visit.base}/settings`, 'The settings were saved.')
  } catch (error) {
    if (error instanceof ApiError) return page(visit, error)
    throw error
  }
}
