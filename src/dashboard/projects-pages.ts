/** `/dashboard` and the list of the server's projects. */
import { environmentOf } from '../db/ids.ts'
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { badge, card, emptyState, field, table, time } from '../http/parts.ts'
import { createProject, listProjects } from '../projects/projects.ts'
import { createPublicToken } from '../projects/secrets.ts'
import { dashboardPage, postForm, seeOther } from './frame.ts'
import { type DashboardPage, serverPage, type Visit } from './visit.ts'

export const projectsPages: readonly DashboardPage[] = [
  serverPage({
    method: 'GET',
    path: '/dashboard',
    needs: 'viewer',
    run: ({ c, recent }) =>
      c.redirect(`/dashboard/projects${recent ? `/${recent.project_slug}` : ''}`, 303),
  }),
  serverPage({
    method: 'GET',
    path: '/dashboard/projects',
    needs: 'viewer',
    run: (visit) => projectList(visit),
  }),
  serverPage({
    method: 'POST',
    path: '/dashboard/projects',
    needs: 'owner',
    run: create,
  }),
]

async function create(visit: Visit): Promise<Response> {
  const { services, form } = visit
  const project_name = form.text('project_name')
  const project_slug = form.text('project_slug')
  const environment = form.text('environment') === 'live' ? 'live' : 'test'
  try {
    const { project_id } = await createProject(services.db, {
      project_name,
      project_slug,
      environment,
    })
    await createPublicToken(services.db, { project_id })
    await visit.audit({
      action: 'project.create',
      target_type: 'project',
      target_id: project_id,
      target_name: project_name,
      after: { project_name, project_slug, environment },
    })
    return seeOther(visit, `/dashboard/projects/${project_slug}`, 'The project was created.')
  } catch (error) {
    if (error instanceof ApiError) return projectList(visit, error)
    throw error
  }
}

async function projectList(visit: Visit, error?: ApiError): Promise<Response> {
  const projects = await listProjects(visit.services.db)
  const rows = projects.map((project) => [
    html`<a href="/dashboard/projects/${project.project_slug}">${project.project_name}</a>`,
    environmentOf(project.project_id) === 'live' ? badge('live', 'green') : badge('test', 'blue'),
    html`<code>${project.project_id}</code>`,
    time(project.created_at),
  ])
  return dashboardPage(visit, {
    title: 'Projects',
    error,
    body: html`<section class="card">${
      rows.length > 0
        ? table(['Name', 'Environment', 'Project id', 'Created'], rows)
        : emptyState(
            'No project yet',
            'A project is one application with its customers. Make the first one below.',
          )
    }</section>${visit.admin.role === 'owner' ? newProject(visit) : ''}`,
  })
}

function newProject(visit: Visit): Markup {
  const { form } = visit
  return card(
    'New project',
    postForm(
      visit,
      '/dashboard/projects',
      html`${field({ name: 'project_name', label: 'Name', required: true, value: form.text('project_name'), hint: 'Your application’s name, which people read on its login pages.' })}
${field({ name: 'project_slug', label: 'Slug', required: true, value: form.text('project_slug'), hint: 'Part of the addresses of its login pages: a-z, 0-9 and "-". It stays as it is.' })}
${field({
  name: 'environment',
  label: 'Environment',
  value: form.text('environment'),
  options: [
    ['test', 'Test: for development and staging'],
    ['live', 'Live: for real members'],
  ],
})}
<button class="btn btn-primary">Create project</button>`,
    ),
  )
}
