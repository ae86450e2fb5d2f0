/** Sends what waits for webhooks: signed, each attempt by one node, with retries further and further apart. */
import type { Services } from '../context.ts'
import { statement } from '../db/connect.ts'
import { oneLine } from '../http/one-line.ts'
import { OutboundError } from '../http/outbound-error.ts'
import { type EventRow, eventColumns, eventPayload } from './events.ts'
import { openSecrets, signedHeaders } from './signature.ts'
import { disabledReason } from './webhooks.ts'

/** After so many seconds it is tried again, the first failure first; after the last one no more. */
const delays = [5, 60, 300, 1_800, 7_200, 28_800, 86_400]
const timeout_ms = 10_000
/** Who has taken a delivery and ended meanwhile has lost it after this time. */
const lease_ms = 60_000
const excerpt_bytes = 500
/** At once, of all webhooks and of one: one that does not answer cannot hold up the others. */
const limits = { all: 32, each: 4 }

/** A delivery as it is taken: with its webhook, and its event where that is still kept. */
type Claimed = {
  delivery_id: string
  webhook_id: string
  attempts: number
  url: string
  secret: Buffer
  status: 'active' | 'disabled'
} & (EventRow | { [K in keyof EventRow]: K extends 'project_id' ? string : null })

// What another node takes at this moment is passed over: each attempt is made once.
const claimSQL = `with candidates as (
    select project_id, delivery_id,
      row_number() over (partition by project_id, webhook_id order by next_attempt_at) as place
    from (select project_id, delivery_id, webhook_id, next_attempt_at from webhook_deliveries
      where state = 'waiting' and next_attempt_at <= $1 and webhook_id <> all($3)
      order by next_attempt_at limit 500) as first),
  due as (
    select d.project_id, d.delivery_id, d.webhook_id, d.event_id
    from candidates c join webhook_deliveries d using (project_id, delivery_id)
    where c.place <= $4 and d.state = 'waiting' and d.next_attempt_at <= $1
    limit $5 for update of d skip locked)
  update webhook_deliveries d set attempts = d.attempts + 1, last_attempt_at = $1, next_attempt_at = $2
  from due
  join webhook_endpoints w on w.project_id = due.project_id and w.webhook_id = due.webhook_id
  left join events e on e.project_id = due.project_id and e.event_id = due.event_id
  where d.project_id = due.project_id and d.delivery_id = due.delivery_id
  returning d.project_id, d.delivery_id, d.webhook_id, d.attempts, w.url, w.secret, w.status,
    ${eventColumns
      .filter((name) => name !== 'project_id')
      .map((name) => `e.${name}`)
      .join(', ')}`

/**
 * Sends everything that is due, some at a time, and resolves when all of it has been tried. Never rejects
 * for what a webhook does. Several nodes may do this at once.
 */
export async function deliverDue(services: Services): Promise<void> {
  const underWay = new Map<string, Promise<void>>()
  const busy = new Map<string, number>()
  const add = (webhook_id: string, n: number) =>
    busy.set(webhook_id, (busy.get(webhook_id) ?? 0) + n)
  try {
    for (;;) {
      const full = [...busy].filter(([, count]) => count >= limits.each).map(([id]) => id)
      for (const claimed of await claim(services, full, limits.all - underWay.size)) {
        const { delivery_id, webhook_id } = claimed
        add(webhook_id, 1)
        const attempt = tryDelivery(services, claimed).finally(() => {
          underWay.delete(delivery_id)
          add(webhook_id, -1)
        })
        underWay.set(delivery_id, attempt)
      }
      if (underWay.size > 0) await Promise.race(underWay.values())
      // Those that were passed over may have become free while it was asked what is due.
      else if (full.length === 0) return
    }
  } finally {
    await Promise.allSettled(underWay.values())
  }
}

async function claim(services: Services, full: string[], room: number): Promise<Claimed[]> {
  if (room <= 0) return []
  const now = services.now()
  const lease = new Date(now.getTime() + lease_ms)
  return statement<Claimed>(services.db, claimSQL, [now, lease, full, limits.each, room])
}

interface Outcome {
  state: 'waiting' | 'delivered' | 'failed'
  status: number | null
  error: string
}

async function tryDelivery(services: Services, claimed: Claimed): Promise<void> {
  const { project_id, webhook_id, delivery_id, attempts } = claimed
  const outcome = await send(services, claimed).catch((error: unknown): Outcome => {
    services.log.error({ err: error, webhook_id, delivery_id }, 'a webhook could not be sent')
    return { state: 'waiting', status: null, error: 'This server failed; its log says why.' }
  })
  const next = outcome.state === 'waiting' ? nextAttempt(attempts, services.now()) : null
  const state = outcome.state === 'waiting' && !next ? 'failed' : outcome.state
  if (outcome.state !== 'delivered')
    services.log.info(
      { project_id, webhook_id, delivery_id, attempts, status: outcome.status, outcome: state },
      'a webhook was not delivered',
    )
  await statement(
    services.db,
    `update webhook_deliveries set state = $4, next_attempt_at = $5, last_status = $6, last_error = $7
     where project_id = $1 and delivery_id = $2 and attempts = $3 and state = 'waiting'`,
    [project_id, delivery_id, attempts, state, next, outcome.status, outcome.error],
  ).catch((error: unknown) => {
    // Its lease ends by itself, and it is sent again.
    services.log.error({ err: error, delivery_id }, 'the outcome of a webhook was not recorded')
  })
}

/** When to try again after so many attempts, with jitter, so that not everything comes at once; null: never. */
function nextAttempt(attempts: number, now: Date): Date | null {
  const seconds = delays[attempts - 1]
  if (seconds === undefined) return null
  return new Date(now.getTime() + seconds * 1_000 * (0.8 + Math.random() * 0.4))
}

async function send(services: Services, claimed: Claimed): Promise<Outcome> {
  if (claimed.status !== 'active') return { state: 'failed', status: null, error: disabledReason }
  if (claimed.event_id === null)
    return { state: 'failed', status: null, error: 'The event is no longer kept.' }
  const body = JSON.stringify(eventPayload(claimed))
  const secrets = openSecrets(services.cipher, claimed.webhook_id, claimed.secret)
  const message = { id: claimed.event_id, at: services.now(), body }
  const headers = { 'content-type': 'application/json', ...signedHeaders(secrets, message) }
  try {
    const init = { method: 'POST', headers, body, timeout_ms, excerpt_bytes }
    const answer = await services.fetch(claimed.url, init)
    const excerpt = oneLine(await answer.text(), excerpt_bytes)
    if (answer.ok) return { state: 'delivered', status: answer.status, error: '' }
    const error = `It answers with status ${answer.status}${excerpt && `: ${excerpt}`}`
    return { state: 'waiting', status: answer.status, error }
  } catch (error) {
    if (error instanceof OutboundError)
      return { state: 'waiting', status: null, error: error.message }
    throw error
  }
}
