/** What a connection's identity provider sends, for the page where attributes and groups are mapped. */
import type { Services } from '../context.ts'
import { type Database, statement } from '../db/connect.ts'
import { SAMLError } from '../saml/checks.ts'
import { sentAttributes } from './attributes.ts'
import { freshConnection } from './connection-fresh.ts'
import type { Connection } from './connections.ts'
import { type StoredMessage, storedMessages } from './messages.ts'
import { aboutThePerson } from './oidc-identity.ts'
import { verifyForConnection } from './saml-identity.ts'
import { hasPassed, type TriedFlow, triedColumns } from './tried-flow.ts'

export interface SeenAttribute {
  /** As the mapping names it; `NameID` for the NameID. */
  name: string
  /** Some values, the newest first, shortened. */
  values: string[]
}

export interface SeenGroup {
  group: string
  members: number
}

export interface SeenAttributes {
  attributes: SeenAttribute[]
  /** By the present mapping of groups, those with the most members first. */
  groups: SeenGroup[]
  /** How many members' last logins were counted; there may be more members than that. */
  counted: number
  /** The newest login that attributes were read from. */
  last_seen_at: Date | null
  notes: ('group_ids' | 'group_overage')[]
}

const looked = { flows: 20, registrations: 2_000, groups: 200, values: 5 }

/**
 * The attributes and groups that were seen over a connection lately: in test logins and others whose response
 * is kept, in logins that succeeded, and in what is stored of its members. Looks at a bounded number of rows.
 */
export async function seenAttributes(
  services: Services,
  project_id: string,
  connection_id: string,
): Promise<SeenAttributes> {
  const found = await freshConnection(services, project_id, connection_id)
  const seen = new Seen()
  if (!found) return seen.result([], 0)
  const flows = await newestFlows(services.db, project_id, connection_id)
  for (const flow of flows) {
    if (flow.identity) seen.add(flow.identity, flow.started_at)
    else seen.add(await keptAttributes(services, found.connection, flow), flow.started_at)
  }
  const { groups, counted, samples } = await countGroups(services.db, project_id, connection_id)
  for (const sso_attributes of samples) seen.add({ sso_attributes }, null)
  return seen.result(groups, counted)
}

type Sent = { sso_attributes: Record<string, unknown>; external_id?: string }

class Seen {
  readonly #values = new Map<string, Set<string>>()
  #last: Date | null = null

  add(sent: Sent | null, at: Date | null): void {
    if (!sent) return
    this.#last ??= at
    if (sent.external_id) this.#note('NameID', sent.external_id)
    for (const [name, value] of Object.entries(sent.sso_attributes)) this.#note(name, value)
  }

  #note(name: string, value: unknown): void {
    const known = this.#values.get(name) ?? new Set<string>()
    this.#values.set(name, known)
    for (const each of [value].flat()) {
      if (known.size >= looked.values) return
      const text = typeof each === 'string' ? each : JSON.stringify(each)
      if (text) known.add(text.slice(0, 200))
    }
  }

  result(groups: SeenGroup[], counted: number): SeenAttributes {
    const names = [...this.#values.keys()]
    const ids = groups.length > 0 && groups.every(({ group }) => guid.test(group))
    const overage = names.includes(overageLink) || names.includes('_claim_names')
    return {
      attributes: [...this.#values].map(([name, values]) => ({ name, values: [...values] })),
      groups,
      counted,
      last_seen_at: this.#last,
      notes: [
        ...(ids ? (['group_ids'] as const) : []),
        ...(overage ? (['group_overage'] as const) : []),
      ],
    }
  }
}

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const overageLink = 'http://schemas.microsoft.com/claims/groups.link'

type SeenFlow = TriedFlow & { identity: Sent | null; kept: boolean }

/** The newest logins over the connection that say what was sent, or may have a kept response that does. */
function newestFlows(db: Database, project_id: string, connection_id: string): Promise<SeenFlow[]> {
  return statement<SeenFlow>(
    db,
    `select * from (
       select ${triedColumns}, identity, exists (select 1 from sso_flow_messages m
           where m.project_id = f.project_id and m.flow_id = f.flow_id and m.kind <> 'request') as kept
       from sso_flows f where project_id = $1 and connection_id = $2
       order by started_at desc, flow_id desc limit 200) newest
     where identity is not null or kept limit ${looked.flows}`,
    [project_id, connection_id],
  )
}

/** What a kept response of a login that failed later says, if its signature holds. */
async function keptAttributes(
  services: Services,
  connection: Connection,
  flow: SeenFlow,
): Promise<Sent | null> {
  const messages = await storedMessages(services, connection.project_id, flow.flow_id)
  const response = messages.find((message) => message.format === 'saml')
  return response ? attributesOf(services, connection, flow, response) : claimsOf(flow, messages)
}

function attributesOf(
  services: Services,
  connection: Connection,
  flow: SeenFlow,
  response: StoredMessage,
): Sent | null {
  try {
    const { identity } = verifyForConnection(services, connection, {
      saml_response: response.content,
      in_response_to: flow.idp_request_id || null,
      now: response.recorded_at,
    })
    return { sso_attributes: sentAttributes(identity.attributes), external_id: identity.name_id }
  } catch (error) {
    if (error instanceof SAMLError) return null
    throw error
  }
}

function claimsOf(flow: SeenFlow, messages: readonly StoredMessage[]): Sent | null {
  if (!hasPassed(flow, 'id_token_signature')) return null
  const read = (kind: string) => {
    const message = messages.find((each) => each.kind === kind && !each.truncated)
    return message ? JSON.parse(message.content) : {}
  }
  const claims = { ...read('userinfo'), ...read('id_token').claims }
  return { sso_attributes: aboutThePerson(claims), external_id: claims.sub }
}

/** Groups of the members who have logged in over the connection; the number that is looked at is bounded. */
async function countGroups(db: Database, project_id: string, connection_id: string) {
  const [row] = await statement<{
    groups: SeenGroup[] | null
    counted: number
    samples: Record<string, unknown>[] | null
  }>(
    db,
    `with registrations as (
       select groups, sso_attributes, updated_at from sso_registrations
       where project_id = $1 and connection_id = $2 limit ${looked.registrations}),
     counts as (
       select "group", count(*)::int as members from registrations, unnest(groups) as "group"
       group by 1 order by 2 desc, 1 limit ${looked.groups})
     select (select jsonb_agg(counts order by members desc, "group") from counts) as groups,
       (select count(*)::int from registrations) as counted,
       (select jsonb_agg(sso_attributes) from (
          select sso_attributes from registrations order by updated_at desc limit 5) s) as samples`,
    [project_id, connection_id],
  )
  return { groups: row?.groups ?? [], counted: row?.counted ?? 0, samples: row?.samples ?? [] }
}
