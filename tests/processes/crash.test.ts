import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DevelopmentFacts } from '../../src/development.ts'
import {
  alive,
  factsOf,
  killAll,
  newDataDir,
  pidsOf,
  startNpm,
  treeOf,
  until,
} from './processes.test-kit.ts'
import { WebBrowser } from './web-browser.test-kit.ts'

/** What the application was told before the server was killed. */
interface Acknowledged {
  sessions: Set<string>
  redeemed: Set<string>
  revoked: Set<string>
}

function apiOf(facts: DevelopmentFacts) {
  const credentials = Buffer.from(`${facts.project_id}:${facts.secret}`).toString('base64')
  return async (path: string, body: unknown) => {
    const response = await fetch(facts.base_url + path, {
      method: 'POST',
      headers: { authorization: `Basic ${credentials}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    // biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
    return { status: response.status, body: (await response.json()) as any }
  }
}

/** One person after another signs in, over both protocols; every fourth signs out again. */
async function signIn(facts: DevelopmentFacts, known: Acknowledged, lane: number): Promise<never> {
  const api = apiOf(facts)
  const connections = facts.organizations[0]!.sso_connections
  for (let round = 0; ; round++) {
    const email = `person.${lane}.${round}@acme.test`
    const start_url = `${connections[(lane + round) % 2]!.start_url}&login_hint=${email}`
    const app_url = `${facts.app_url}/authenticate`
    const { url } = await new WebBrowser().login(start_url, email, app_url)
    const sso_token = new URL(url).searchParams.get('token') ?? ''
    const login = await api('/v1/b2b/sso/authenticate', { sso_token })
    assert.equal(login.status, 200, JSON.stringify(login.body))
    const { session_token } = login.body
    known.redeemed.add(sso_token)
    if (round % 4 === 3) {
      const revoked = await api('/v1/b2b/sessions/revoke', { session_token })
      assert.equal(revoked.status, 200, JSON.stringify(revoked.body))
      known.revoked.add(session_token)
    } else known.sessions.add(session_token)
  }
}

test('kill -9 of everything during 16 logins at once loses and repeats nothing', async () => {
  const data_dir = newDataDir()
  const first = startNpm(data_dir, '--json')
  const before = await factsOf(first)
  const known: Acknowledged = { sessions: new Set(), redeemed: new Set(), revoked: new Set() }
  const lanes = Array.from({ length: 16 }, (_, lane) => signIn(before, known, lane))
  const ended = Promise.allSettled(lanes)
  await until('logins', () => known.sessions.size >= 60 && known.revoked.size >= 8)
  const all = [...new Set([...treeOf(first.child.pid!), ...pidsOf(data_dir)])]
  killAll(all)
  for (const lane of await ended)
    if (lane.status === 'rejected') assert.match(String(lane.reason), /fetch failed|terminated/)
  await until('the end of every process', () => alive(all).length === 0, 10)

  const second = startNpm(data_dir, '--json')
  const facts = await factsOf(second)
  assert.equal(facts.secret, before.secret)
  const api = apiOf(facts)
  for (const session_token of known.sessions) {
    const { status } = await api('/v1/b2b/sessions/authenticate', { session_token })
    assert.equal(status, 200, 'an acknowledged session is there')
  }
  for (const sso_token of known.redeemed) {
    const { status, body } = await api('/v1/b2b/sso/authenticate', { sso_token })
    assert.deepEqual([status, body.error_type], [404, 'sso_token_not_found'])
  }
  for (const session_token of known.revoked) {
    const { status, body } = await api('/v1/b2b/sessions/authenticate', { session_token })
    assert.deepEqual([status, body.error_type], [404, 'session_not_found'])
  }
  second.child.kill('SIGTERM')
  await second.exited
})

test('kill -9 of npm while it starts ends everything too', async () => {
  const data_dir = newDataDir()
  const npm = startNpm(data_dir, '--json')
  await until('PostgreSQL to be made', () => pidsOf(data_dir).length > 2)
  const all = [...new Set([...treeOf(npm.child.pid!), ...pidsOf(data_dir)])]
  npm.child.kill('SIGKILL')
  await until('the end of every process', () => alive(all).length === 0, 15)
  await until('the end of what came later', () => pidsOf(data_dir).length === 0, 15)
})
