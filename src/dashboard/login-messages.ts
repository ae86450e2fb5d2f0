/** The messages that were kept of a login: readable, and whole as a download. */
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { card, time } from '../http/parts.ts'
import { type KeptMessage, readMessages } from '../sso/read-messages.ts'
import type { LoginTrace } from '../sso/traces.ts'
import { parameter } from './ask.ts'
import { plainMessage, prettyJSON, prettyURL, prettyXML } from './highlight.ts'
import { loginOf } from './login-of.ts'
import { replayLink } from './login-replay.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

export const loginMessagePages: readonly DashboardPage[] = [
  projectPage({
    method: 'GET',
    path: '/logins/:flow_id/messages/:message_id',
    needs: 'editor',
    run: download,
  }),
]

const titles: Record<KeptMessage['kind'], string> = {
  request: 'Request to the identity provider',
  response: 'Response of the identity provider',
  id_token: 'ID token, decoded',
  userinfo: 'Userinfo',
}

async function download(visit: ProjectVisit): Promise<Response> {
  const { services, project } = visit
  const { flow_id, organization_id } = await loginOf(visit, parameter(visit, 'flow_id'))
  const messages = await readMessages(services, project.project_id, flow_id)
  const message = messages.find((each) => each.message_id === parameter(visit, 'message_id'))
  if (!message)
    throw new ApiError('bad_request', {
      status: 404,
      message: 'This message is not kept any more: messages are deleted after a day.',
    })
  const { kind, format, message_id } = message
  await visit.audit({
    action: 'message.download',
    target_type: 'login',
    target_id: flow_id,
    organization_id,
    after: { message_id, kind },
  })
  const extension = format === 'xml' || format === 'json' ? format : 'txt'
  return new Response(message.content, {
    headers: {
      // Never as something that a browser would render.
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${kind}-${flow_id}.${extension}"`,
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    },
  })
}

/** The card with the messages of a login, or how to get them the next time. */
export async function messagesCard(visit: ProjectVisit, trace: LoginTrace): Promise<Markup> {
  const { services, project, admin, base } = visit
  const { flow_id, connection_id, connection_type } = trace
  if (admin.role === 'viewer')
    return card(
      'Messages',
      html`<p class="m-0">What was sent and received is for editors and owners.</p>`,
    )
  const messages = await readMessages(services, project.project_id, flow_id)
  if (messages.length === 0)
    return card(
      'Messages',
      html`<p class="m-0">Nothing was kept of what was sent and received. Messages are kept, encrypted and for a day, of test logins, and of every login while the debug switch of the connection is on.
${connection_type ? html`<a href="${base}/connections/${connection_id}/test#debug">To the switch</a>` : ''}</p>`,
    )
  return card(
    'Messages',
    html`<p class="text-secondary">Secrets, codes and tokens are left out or masked. Kept until ${time(messages[0]!.expires_at)}.</p>
${messages.map((message, i) => messagePart(`${base}/logins/${flow_id}/messages/${message.message_id}`, message, i))}`,
    messages.some(({ kind }) => kind === 'response') ? replayLink(visit, trace) : '',
  )
}

function messagePart(href: string, message: KeptMessage, i: number): Markup {
  const { kind, recorded_at, truncated, decrypted_assertion } = message
  return html`<details class="kept" id="message-${i}"><summary><strong>${titles[kind]}</strong> <span class="text-secondary">${time(recorded_at)}</span></summary>
<p class="mt-2"><a class="btn btn-sm" href="${href}" download>Download</a>${truncated ? html` <span class="text-secondary">It was longer than is kept, and ends early.</span>` : ''}</p>
${pretty(message)}
${decrypted_assertion ? html`<p class="mt-2 mb-1"><strong>The assertion, decrypted</strong></p>${prettyXML(decrypted_assertion)}` : ''}</details>`
}

function pretty({ format, content }: KeptMessage): Markup {
  if (format === 'xml') return prettyXML(content)
  if (format === 'json') return prettyJSON(content)
  return format === 'url' ? prettyURL(content) : plainMessage(content)
}
