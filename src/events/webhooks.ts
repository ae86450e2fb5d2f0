/**
 * Webhooks: addresses of an application that are told of a project's events. Here they are made and
 * changed; deliveries.ts is the log of what was sent to them, deliver.ts sends it.
 */
import type { Services } from '../context.ts'
import { type Database, statement, transaction } from '../db/connect.ts'
import { environmentOf, newId } from '../db/ids.ts'
import { ApiError } from '../http/errors.ts'
import { checkURL } from '../http/fetch.ts'
import { OutboundError } from '../http/outbound-error.ts'
import { eventTypes } from './events.ts'
import { newSigningSecret, openSecrets, rotated, sealSecrets } from './signature.ts'

/** A webhook as it is shown: its secret is told once, when it is made or replaced. */
export interface Webhook {
  project_id: string
  webhook_id: string
  url: string
  description: string
  /** None: all. */
  event_types: string[]
  status: 'active' | 'disabled'
  created_at: Date
  updated_at: Date
}

/** Names a webhook of a project. */
export interface WebhookReference {
  project_id: string
  webhook_id: string
}

const columns = [
  'project_id',
  'webhook_id',
  'url',
  'description',
  'event_types',
  'status',
  'created_at',
  'updated_at',
] as const

const maxWebhooks = 20

/**
 * Makes a webhook, active at once, and returns its secret. Throws `bad_request` for an address that could
 * not be requested, an unknown event type, and more than 20 webhooks in a project.
 */
export async function createWebhook(
  services: Services,
  given: { project_id: string; url: string; description?: string; event_types?: string[] },
): Promise<{ webhook: Webhook; secret: string }> {
  const { project_id, event_types = [] } = given
  const url = readURL(services, given.url)
  assertEventTypes(event_types)
  const webhook_id = newId('webhook', environmentOf(project_id))
  const secret = newSigningSecret()
  const [webhook] = await statement<Webhook>(
    services.db,
    `insert into webhook_endpoints (project_id, webhook_id, url, description, event_types, secret,
       created_at, updated_at)
     select $1, $2, $3, $4, $5, $6, $7, $7
     where (select count(*) from webhook_endpoints where project_id = $1) < $8
     returning ${columns.join(', ')}`,
    [
      project_id,
      webhook_id,
      url,
      readDescription(given.description ?? ''),
      [...new Set(event_types)],
      sealSecrets(services.cipher, webhook_id, [{ secret }]),
      services.now(),
      maxWebhooks,
    ],
  )
  if (!webhook) throw refusal(`A project has at most ${maxWebhooks} webhooks: delete one first.`)
  return { webhook, secret }
}

/** A project's webhooks, oldest first. */
export async function listWebhooks(
  db: Database,
  { project_id }: { project_id: string },
): Promise<Webhook[]> {
  return db
    .selectFrom('webhook_endpoints')
    .select(columns)
    .where('project_id', '=', project_id)
    .orderBy('webhook_id')
    .execute()
}

/** One webhook; throws `bad_request` with status 404 where the project has none of that id. */
export async function findWebhook(db: Database, reference: WebhookReference): Promise<Webhook> {
  const webhook = await db
    .selectFrom('webhook_endpoints')
    .select(columns)
    .where('project_id', '=', reference.project_id)
    .where('webhook_id', '=', reference.webhook_id)
    .executeTakeFirst()
  return webhook ?? unknown()
}

/** What of a webhook can be changed; what is not given stays. */
export interface WebhookChange {
  url?: string | undefined
  description?: string | undefined
  event_types?: string[] | undefined
  status?: 'active' | 'disabled' | undefined
}

/**
 * Changes a webhook. One that becomes disabled gets nothing any more: what waits for it has failed. Throws
 * as `createWebhook` and `findWebhook` do.
 */
export async function updateWebhook(
  services: Services,
  { project_id, webhook_id, ...change }: WebhookReference & WebhookChange,
): Promise<Webhook> {
  assertEventTypes(change.event_types ?? [])
  const values = {
    ...(change.url !== undefined && { url: readURL(services, change.url) }),
    ...(change.description !== undefined && { description: readDescription(change.description) }),
    ...(change.event_types && { event_types: [...new Set(change.event_types)] }),
    ...(change.status && { status: change.status }),
    updated_at: services.now(),
  }
  return transaction(services.db, async (trx) => {
    const webhook = await trx
      .updateTable('webhook_endpoints')
      .set(values)
      .where('project_id', '=', project_id)
      .where('webhook_id', '=', webhook_id)
      .returning(columns)
      .executeTakeFirst()
    if (webhook?.status === 'disabled')
      await trx
        .updateTable('webhook_deliveries')
        .set({ state: 'failed', next_attempt_at: null, last_error: disabledReason })
        .where('project_id', '=', project_id)
        .where('webhook_id', '=', webhook_id)
        .where('state', '=', 'waiting')
        .execute()
    return webhook ?? unknown()
  })
}

/** Why a delivery to a disabled webhook failed. */
export const disabledReason = 'The webhook is disabled.'

/** Deletes a webhook with the log of its deliveries; throws as `findWebhook` does. */
export async function deleteWebhook(db: Database, reference: WebhookReference): Promise<void> {
  const deleted = await db
    .deleteFrom('webhook_endpoints')
    .where('project_id', '=', reference.project_id)
    .where('webhook_id', '=', reference.webhook_id)
    .returning('webhook_id')
    .executeTakeFirst()
  if (!deleted) unknown()
}

/**
 * Gives a webhook a new secret and returns it. For a day deliveries are signed by the old one, too. Throws
 * as `findWebhook` does.
 */
export async function rotateWebhookSecret(
  services: Services,
  { project_id, webhook_id }: WebhookReference,
): Promise<{ secret: string; old_secret_until: Date }> {
  const { cipher } = services
  const now = services.now()
  const secret = newSigningSecret()
  return transaction(services.db, async (trx) => {
    const [stored] = await statement<{ secret: Buffer }>(
      trx,
      `select secret from webhook_endpoints where project_id = $1 and webhook_id = $2
       for no key update`,
      [project_id, webhook_id],
    )
    if (!stored) unknown()
    const secrets = rotated(openSecrets(cipher, webhook_id, stored.secret), secret, now)
    await trx
      .updateTable('webhook_endpoints')
      .set({ secret: sealSecrets(cipher, webhook_id, secrets), updated_at: now })
      .where('project_id', '=', project_id)
      .where('webhook_id', '=', webhook_id)
      .execute()
    return { secret, old_secret_until: new Date(secrets[1]?.until ?? now) }
  })
}

function readURL({ config }: Services, given: string): string {
  const url = given.trim()
  try {
    checkURL(url, {
      allowed_private_hosts: config.allowed_private_hosts,
      development: config.mode === 'development',
    })
  } catch (error) {
    if (error instanceof OutboundError) throw refusal(`url: ${error.message}`)
    throw error
  }
  if (url.length > 2_048 || url.includes('#'))
    throw refusal('url: It must have at most 2,048 characters and no fragment (#).')
  return url
}

function readDescription(given: string): string {
  const description = given.trim()
  if (description.length > 200) throw refusal('description: It must have at most 200 characters.')
  return description
}

function assertEventTypes(given: string[]): void {
  const wrong = given.find((event_type) => !eventTypes.includes(event_type))
  if (wrong !== undefined) throw refusal(`event_types: There are no events called "${wrong}".`)
}

function refusal(message: string): ApiError {
  return new ApiError('bad_request', { message })
}

function unknown(): never {
  throw new ApiError('bad_request', {
    status: 404,
    message: 'There is no webhook of this id in this project.',
  })
}
