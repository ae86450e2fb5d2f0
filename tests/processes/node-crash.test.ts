/** One of two server processes is killed in the middle of logins; the database and the other go on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Client } from 'pg'
import {
  addNode,
  begin,
  type Cluster,
  checkSession,
  clientOf,
  endCluster,
  type Node,
  newCluster,
  type Posting,
  post,
  redeem,
} from './nodes.test-kit.ts'
import { killAll, treeOf, until } from './processes.test-kit.ts'

let cluster: Cluster
let client: Client
/** What the application and the browsers were told. */
const known = {
  sessions: new Map<string, string>(),
  tokens: new Set<string>(),
  postings: new Set<Posting>(),
}
/** Requests that may have been carried out, though their answer never came. */
let cut = 0
let again = 0
let ending = false

/** One step of a login, at one node, and where that does not answer at the other, like a load balancer. */
async function atEither<T>(first: number, step: (node: Node) => Promise<T>) {
  for (let attempt = 0; ; attempt++) {
    const node = cluster.nodes[(first + attempt) % 2 ? 1 : 0]
    try {
      return { answer: await step(node), repeated: attempt > 0 }
    } catch (error) {
      if (!(error instanceof TypeError) || attempt > 1) throw error
      const { code } = error.cause as NodeJS.ErrnoException
      if (code !== 'ECONNREFUSED') cut += 1
    }
  }
}

/** Takes a person in, each step where it happens to go; false where the login must be started again. */
async function login(email: string, node: () => number): Promise<boolean> {
  const person = { name_id: email, attributes: { email, firstName: 'P', lastName: 'Q' } }
  const { answer: posting } = await atEither(node(), (at) => begin(cluster, at, person))
  const arrived = await atEither(node(), (at) => post(at, posting))
  const { token, error_type } = arrived.answer
  if (token === null) {
    assert.ok(arrived.repeated, `${error_type}`)
    assert.equal(error_type, 'duplicate_saml_response')
    return false
  }
  const redeemed = await atEither(node(), (at) => redeem(cluster, at, token))
  if (redeemed.answer.status !== 200) {
    assert.ok(redeemed.repeated, JSON.stringify(redeemed.answer.body))
    assert.equal(redeemed.answer.body.error_type, 'sso_token_not_found')
    return false
  }
  assert.ok(!known.sessions.has(redeemed.answer.body.session_token))
  known.sessions.set(redeemed.answer.body.session_token, email)
  known.tokens.add(token)
  known.postings.add(posting)
  return true
}

/** One person after another, each until it is in. */
async function lane(number: number): Promise<number> {
  let turn = number
  let person = 0
  for (; !ending; person++) {
    let tries = 1
    while (
      !(await login(`person.${number}.${person}@acme.test`, () => (turn += tries % 2 ? 1 : 2)))
    )
      assert.ok(++tries <= 4, 'a login that was cut can be started again')
    again += tries - 1
  }
  return person
}

/** Kills a node and starts another in its place, while the lanes go on. */
async function replace(index: 0 | 1, during: () => Promise<void>): Promise<void> {
  const { child, exited } = cluster.nodes[index].process
  killAll(treeOf(child.pid!))
  assert.equal((await exited).signal, 'SIGKILL')
  await during()
  const alone = known.sessions.size
  await until('logins at the node that is left', () => known.sessions.size >= alone + 16)
  cluster.nodes[index] = await addNode(cluster.database_url)
}

test('kill -9 of one of two servers during 16 logins at once: all complete or start again, none twice', async () => {
  cluster = await newCluster()
  client = await clientOf(cluster.database_url)
  const lanes = Promise.all(Array.from({ length: 16 }, (_, number) => lane(number)))
  lanes.catch(() => {}) // looked at below
  const lanesBroke = lanes.then(() => assert.fail('the lanes ended early'))
  lanesBroke.catch(() => {})
  await Promise.race([lanesBroke, until('logins', () => known.sessions.size >= 32)])

  // Every login stands still in the middle of a statement when the first node dies.
  await client.query('begin; lock table sso_flows in access exclusive mode')
  await Promise.race([lanesBroke, until('all lanes to wait', standStill)])
  await replace(0, async () => {
    await client.query('commit')
  })
  assert.ok(cut > 0, 'requests were cut off')
  await Promise.race([lanesBroke, replace(1, async () => {})])
  const all = known.sessions.size + 32
  await Promise.race([lanesBroke, until('logins at both', () => known.sessions.size >= all)])
  ending = true
  const persons = (await lanes).reduce((sum, each) => sum + each, 0)
  assert.equal(known.sessions.size, persons, 'everybody got in')
})

async function standStill(): Promise<boolean> {
  const { rows } = await client.query(
    `select count(*)::int as waiting from pg_locks
     where not granted and relation = 'sso_flows'::regclass`,
  )
  return rows[0].waiting >= 16
}

test('what was acknowledged holds at both nodes, and nothing of it can be used again', async () => {
  for (const node of cluster.nodes) {
    const sessions = [...known.sessions].map(async ([session_token, email]) => {
      const { status, body } = await checkSession(cluster, node, session_token)
      assert.deepEqual([status, body.member?.email_address], [200, email])
    })
    const tokens = [...known.tokens].map(async (token) => {
      const { status, body } = await redeem(cluster, node, token)
      assert.deepEqual([status, body.error_type], [404, 'sso_token_not_found'])
    })
    const assertions = [...known.postings].map(async (posting) => {
      const { status, error_type } = await post(node, posting)
      assert.deepEqual([status, error_type], [400, 'duplicate_saml_response'])
    })
    await Promise.all([...sessions, ...tokens, ...assertions])
  }
})

test('the database holds no half of a login, and no login twice', async () => {
  const { rows } = await client.query(
    `select (select count(*)::int from sso_flows where state = 'redeemed') as redeemed,
       (select count(*)::int from sessions) as sessions,
       (select count(*)::int from sso_flows f join sessions s
          on s.member_session_id = f.member_session_id and s.member_id = f.member_id
          where f.state = 'redeemed') as of_a_login,
       (select count(distinct member_session_id)::int from sso_flows) as distinct_sessions,
       (select count(*)::int from sso_flows where verified_at is not null) as verified,
       (select count(*)::int from saml_replays) as assertions,
       (select count(*)::int from members) as members,
       (select count(distinct member_id)::int from sso_registrations) as registered`,
  )
  const [found] = rows
  assert.equal(found.sessions, found.redeemed)
  assert.equal(found.of_a_login, found.redeemed)
  assert.equal(found.distinct_sessions, found.redeemed)
  assert.equal(found.assertions, found.verified)
  assert.equal(found.members, new Set(known.sessions.values()).size)
  assert.equal(found.registered, found.members)
  const unacknowledged = found.redeemed - known.sessions.size
  assert.ok(unacknowledged <= cut, 'a session that nobody knows of comes of an answer cut off')
  assert.ok(again <= cut, 'only a login that was cut was started again')
  await endCluster(cluster)
})
