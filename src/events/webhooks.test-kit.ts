/** A receiver of webhooks that believes the `standardwebhooks` package alone. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook as Verifier } from 'standardwebhooks'
import { atEnd, newProject, server, type TestProject } from '../../tests/harness.ts'
import { recordEvent } from './events.ts'
import { createWebhook } from './webhooks.ts'

export interface Received {
  headers: Record<string, string>
  body: string
}

export interface Receiver {
  url: string
  requests: Received[]
  /** What it answers from now on. */
  answer: { status: number; body?: string; headers?: Record<string, string> }
  /** The payload of a request if its signature is good; throws otherwise. */
  verify(secret: string, request: Received): Record<string, unknown>
}

export async function startReceiver(): Promise<Receiver> {
  const receiver: Receiver = {
    url: '',
    requests: [],
    answer: { status: 204 },
    verify: (secret, { headers, body }) =>
      new Verifier(secret).verify(body, headers) as Record<string, unknown>,
  }
  const listener = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    receiver.requests.push({ headers: request.headers as Record<string, string>, body })
    response.writeHead(receiver.answer.status, receiver.answer.headers).end(receiver.answer.body)
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  atEnd(async () => {
    listener.closeAllConnections()
    await new Promise((resolve) => listener.close(resolve))
  })
  receiver.url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/hook`
  return receiver
}

/** A project with a webhook at a receiver of its own. */
export async function newWebhook(event_types: string[] = []) {
  const [project, receiver] = [await newProject(), await startReceiver()]
  const { services } = await server()
  const { project_id } = project
  const { webhook, secret } = await createWebhook(services, {
    project_id,
    url: receiver.url,
    event_types,
  })
  return { project, receiver, secret, reference: { project_id, webhook_id: webhook.webhook_id } }
}

/** Records an event of the project, as the API's work would. */
export async function happen(
  { project_id }: TestProject,
  event_type = 'direct.member.create',
): Promise<string> {
  const { services } = await server()
  return recordEvent(services.db, {
    project_id,
    event_type,
    organization_id: 'organization-test-1',
    object_id: 'member-test-1',
    data: { member_id: 'member-test-1', name: 'Ada' },
    request_id: 'request-id-test-1',
    at: services.now(),
  })
}
