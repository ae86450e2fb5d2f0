import assert from 'node:assert/strict'
import type { Client } from 'pg'
import { begin, type Cluster, type Node, post, redeem } from './nodes.test-kit.ts'

const attempts = 100

/** Does it a hundred times at once, every other time at the other node. */
function atOnce<T>(cluster: Cluster, work: (node: Node) => Promise<T>): Promise<T[]> {
  return Promise.all(
    Array.from({ length: attempts }, (_, index) => work(cluster.nodes[index % 2 ? 1 : 0])),
  )
}

function count(values: (string | number)[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  return counts
}

async function rowsOf(client: Client, table: string): Promise<number> {
  const { rows } = await client.query(`select count(*)::int as count from ${table}`)
  return rows[0].count
}

/** A round: of a hundred who redeem one token at both nodes, one gets a session. */
export async function redeemAtOnce(cluster: Cluster, client: Client): Promise<void> {
  const arrived = await post(cluster.nodes[1], await begin(cluster, cluster.nodes[0]))
  assert.equal(arrived.status, 303, `${arrived.error_type}`)
  const before = await rowsOf(client, 'sessions')
  const answers = await atOnce(cluster, (node) => redeem(cluster, node, arrived.token!))
  const outcome = count(answers.map((answer) => answer.body.error_type ?? answer.status))
  assert.deepEqual(outcome, { 200: 1, sso_token_not_found: attempts - 1 })
  assert.equal(await rowsOf(client, 'sessions'), before + 1)
}

/** A round: of a hundred posts of one assertion to both nodes, one becomes a token, which is good. */
export async function postAtOnce(cluster: Cluster, client: Client): Promise<void> {
  const posting = await begin(cluster, cluster.nodes[0])
  const before = await rowsOf(client, 'saml_replays')
  const answers = await atOnce(cluster, (node) => post(node, posting))
  const outcome = count(answers.map((answer) => answer.error_type ?? answer.status))
  assert.deepEqual(outcome, { 303: 1, duplicate_saml_response: attempts - 1 })
  assert.equal(await rowsOf(client, 'saml_replays'), before + 1)
  const { token } = answers.find((answer) => answer.status === 303)!
  assert.equal((await redeem(cluster, cluster.nodes[1], token!)).status, 200)
}

/** After the rounds: no login hangs in between, and each that was redeemed has a session of its own. */
export async function assertNothingTwice(client: Client, logins: number): Promise<void> {
  const { rows } = await client.query(
    `select state, count(*)::int as flows, count(distinct member_session_id)::int as sessions
     from sso_flows where initiated_by = 'sp' group by state`,
  )
  assert.deepEqual(rows, [{ state: 'redeemed', flows: logins, sessions: logins }])
  const { rows: members } = await client.query(
    `select (select count(*)::int from members) as members,
       (select count(*)::int from sso_registrations) as registrations`,
  )
  assert.deepEqual(members, [{ members: 1, registrations: 1 }])
}
