/** A login's end as an event for webhooks. It rides in the statement that ends the login, and costs none. */
import { eventSQL } from '../events/events.ts'

/** What the statement that ends a login returns of its row, as a part called `ended`. */
export const endedColumns = `project_id, organization_id, connection_id, flow_id, request_id,
  initiated_by, identity, member_id, member_session_id, error_type, checks, redeemed_at, failed_at`

const said = (...fields: string[]) =>
  `jsonb_strip_nulls(jsonb_build_object(${[
    ...['flow_id', 'organization_id', 'connection_id', 'initiated_by', 'request_id'].map(
      (name) => `'${name}', ended.${name}`,
    ),
    `'email_address', ended.identity ->> 'email_address'`,
    ...fields,
  ].join(', ')}))`

const data = {
  succeeded: said(`'member_id', ended.member_id`, `'member_session_id', ended.member_session_id`),
  failed: said(
    `'error_type', ended.error_type`,
    `'checks', jsonb_path_query_array(ended.checks, '$[*] ? (@.verdict == "fail")')`,
  ),
}

/**
 * Parts of the WITH of a statement whose part `ended` has `endedColumns` of the login that it ends: they
 * write `login.succeeded` or `login.failed` under the id that `event_id` (an expression) gives, where a
 * webhook wants it.
 */
export function loginEventSQL(outcome: 'succeeded' | 'failed', event_id: string): string {
  return eventSQL(
    {
      project_id: '$1::text',
      event_id: `${event_id}::text`,
      event_type: `'login.${outcome}'`,
      organization_id: 'ended.organization_id',
      object_id: 'ended.flow_id',
      data: data[outcome],
      request_id: 'ended.request_id',
      at: outcome === 'failed' ? 'ended.failed_at' : 'ended.redeemed_at',
    },
    'ended',
  )
}
