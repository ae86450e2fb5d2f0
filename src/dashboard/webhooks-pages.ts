/** `/webhooks`: the addresses that are told of this project's events. */

import { createWebhook, listWebhooks } from '../events/webhooks.ts'
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { card, emptyState, table, time } from '../http/parts.ts'
import { visible } from '../sso/trace-page.ts'
import { dashboardPage, postForm } from './frame.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'
import { stateBadge, webhookFields } from './webhook-fields.ts'
import { showWebhook } from './webhook-page.ts'
import { webhookPages } from './webhook-pages.ts'

export const webhooksPages: readonly DashboardPage[] = [
  projectPage({ method: 'GET', path: '/webhooks', needs: 'viewer', run: (visit) => list(visit) }),
  projectPage({ method: 'POST', path: '/webhooks', needs: 'editor', run: create }),
  ...webhookPages,
]

async function list(visit: ProjectVisit, error?: ApiError): Promise<Response> {
  const { services, project, base, admin } = visit
  const webhooks = await listWebhooks(services.db, project)
  const rows = webhooks.map((webhook) => [
    html`<a href="${base}/webhooks/${webhook.webhook_id}"><bdi>${visible(webhook.url, 300)}</bdi></a>${webhook.description ? html`<div class="small text-secondary"><bdi>${visible(webhook.description, 200)}</bdi></div>` : ''}`,
    stateBadge(webhook),
    webhook.event_types.length === 0 ? 'All' : `${webhook.event_types.length} types`,
    time(webhook.created_at),
  ])
  return dashboardPage(visit, {
    title: 'Webhooks',
    error,
    body: html`<section class="card">${
      rows.length > 0
        ? table(['Address', 'State', 'Events', 'Created'], rows)
        : emptyState(
            'No webhook yet',
            'A webhook is an address of your application that is told what happens here: members and connections that change, logins, certificates that end. Each message is signed.',
          )
    }</section>${admin.role === 'viewer' ? '' : newWebhook(visit)}`,
  })
}

function newWebhook(visit: ProjectVisit): Markup {
  const { form } = visit
  const typed = { url: form.text('url'), description: form.text('description') }
  return card(
    'New webhook',
    postForm(
      visit,
      `${visit.base}/webhooks`,
      html`${webhookFields({ ...typed, event_types: form.list('event_types') })}<button class="btn btn-primary">Create webhook</button>`,
    ),
  )
}

async function create(visit: ProjectVisit): Promise<Response> {
  const { services, project, form } = visit
  try {
    const { webhook, secret } = await createWebhook(services, {
      project_id: project.project_id,
      url: form.text('url'),
      description: form.text('description'),
      event_types: form.list('event_types'),
    })
    const { webhook_id, url, description, event_types } = webhook
    await visit.audit({
      action: 'webhook.create',
      target_type: 'webhook',
      target_id: webhook_id,
      target_name: url,
      after: { url, description, event_types },
    })
    return showWebhook(visit, webhook, { secret })
  } catch (error) {
    if (error instanceof ApiError) return list(visit, error)
    throw error
  }
}
