import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { call, newProject, server, type TestProject } from '../../tests/harness.ts'
import { listAudit } from '../events/audit.ts'
import { createSecret, listSecrets } from '../projects/secrets.ts'
import { newAdmin } from './dashboard.test-kit.ts'

function as(project: TestProject, secret: string): TestProject {
  const basic = Buffer.from(`${project.project_id}:${secret}`).toString('base64')
  return { ...project, secret, authorization: `Basic ${basic}` }
}

function secretIn(html: string): string {
  return /data-copy="(secret-test-[\w-]+)"/.exec(html)?.[1] ?? ''
}

async function whoami(project: TestProject): Promise<number> {
  return (await call(project, 'GET', '/v1/debug/whoami')).status
}

async function secretsOf({ project_id }: TestProject) {
  return listSecrets((await server()).services.db, project_id)
}

test('a new secret works in the API, and is shown on one page only', async () => {
  const project = await newProject()
  const admin = await newAdmin(project)
  const made = await admin.post('/api-keys/secrets')
  const secret = secretIn(made.html)
  assert.equal(made.status, 200)
  assert.match(made.html, new RegExp(`STYTCH_SECRET=${secret}`))
  assert.equal(made.headers.get('cache-control'), 'no-store')
  assert.equal(await whoami(as(project, secret)), 200)
  assert.equal(await whoami(project), 200)
  const later = await admin.get('/api-keys')
  assert.doesNotMatch(later.html, /secret-test-/)
  assert.match(later.html, new RegExp(`…${secret.slice(-4)}`))
  const { db } = (await server()).services
  const { entries } = await listAudit(db, { project_id: project.project_id })
  assert.deepEqual(
    entries.map((entry) => entry.action),
    ['secret.create'],
  )
  assert.ok(!JSON.stringify(entries).includes(secret))
})

test('a rotation makes a new secret, and the old one is valid for the time chosen', async () => {
  const project = await newProject()
  const admin = await newAdmin(project)
  const [old] = await secretsOf(project)
  const { setNow } = await server()
  const wrong = await admin.post(`/api-keys/secrets/${old!.secret_id}/rotate`, { overlap: '2' })
  assert.equal(wrong.status, 400)
  assert.equal((await secretsOf(project)).length, 1)
  const rotated = await admin.post(`/api-keys/secrets/${old!.secret_id}/rotate`, { overlap: '1' })
  const secret = secretIn(rotated.html)
  assert.equal(await whoami(as(project, secret)), 200)
  assert.equal(await whoami(project), 200)
  const expires_at = (await secretsOf(project)).find((s) => s.secret_id === old!.secret_id)!
    .expires_at!
  assert.ok(Math.abs(expires_at.getTime() - Date.now() - 3_600_000) < 60_000)
  setNow(new Date(expires_at.getTime() + 1_000))
  try {
    assert.equal(await whoami(project), 401)
    assert.equal(await whoami(as(project, secret)), 200)
  } finally {
    setNow(null)
  }
})

test('a rotation never lengthens the life of a secret', async () => {
  const project = await newProject()
  const admin = await newAdmin(project)
  const { services } = await server()
  const soon = new Date(Date.now() + 60_000)
  const { project_id } = project
  const { secret_id } = await createSecret(services.db, { project_id, expires_at: soon })
  await admin.post(`/api-keys/secrets/${secret_id}/rotate`, { overlap: '168' })
  const old = (await secretsOf(project)).find((each) => each.secret_id === secret_id)
  assert.equal(old?.expires_at?.getTime(), soon.getTime())
})

test('an expired secret is not rotated', async () => {
  const project = await newProject()
  const admin = await newAdmin(project)
  const { services } = await server()
  const { project_id } = project
  const expires_at = new Date(Date.now() - 1_000)
  const { secret_id } = await createSecret(services.db, { project_id, expires_at })
  const answer = await admin.post(`/api-keys/secrets/${secret_id}/rotate`, { overlap: '24' })
  assert.equal(answer.status, 404)
  assert.equal((await secretsOf(project)).length, 2)
})

test('a secret is revoked once its last four characters are typed; the API refuses it within a second', async () => {
  const project = await newProject()
  const admin = await newAdmin(project)
  assert.equal(await whoami(project), 200)
  const [{ secret_id, last_four } = { secret_id: '', last_four: '' }] = await secretsOf(project)
  const path = `/api-keys/secrets/${secret_id}/revoke`
  assert.equal((await admin.post(path, { confirm_name: 'xxxx' })).status, 400)
  assert.equal((await admin.post(path)).status, 400)
  assert.equal(await whoami(project), 200)
  const revoked = await admin.post(path, { confirm_name: last_four })
  assert.equal(revoked.location, `${admin.base}/api-keys`)
  await sleep(900)
  assert.equal(await whoami(project), 401)
})

test('a public token is made and deleted, but never the only one', async () => {
  const project = await newProject()
  const admin = await newAdmin(project)
  const deletion = (token: string) => `/api-keys/public-tokens/delete?public_token=${token}`
  const remove = (token: string) => admin.post(deletion(token), { confirm_name: token.slice(-4) })
  const only = await remove(project.public_token)
  assert.equal(only.status, 400)
  assert.match(only.html, /only public token/)
  await admin.post('/api-keys/public-tokens')
  const page = await admin.get('/api-keys')
  const tokens = [...page.html.matchAll(/data-copy="(public-token-test-[\w-]+)"/g)].map(
    (m) => m[1]!,
  )
  assert.equal(tokens.length, 2)
  assert.equal((await remove('public-token-test-unknown')).status, 404)
  assert.equal((await admin.post(deletion(project.public_token))).status, 400)
  assert.equal((await remove(project.public_token)).status, 303)
  const { app } = await server()
  const start = await app.request(
    `/v1/public/sso/start?public_token=${project.public_token}&connection_id=saml-connection-test-0`,
    { headers: { accept: 'application/json' } },
  )
  assert.match(await start.text(), /public_token_not_found/)
})

test('viewers and editors see which secrets there are, and change none', async () => {
  const project = await newProject()
  const [{ secret_id, last_four } = { secret_id: '', last_four: '' }] = await secretsOf(project)
  for (const role of ['viewer', 'editor'] as const) {
    const admin = await newAdmin(project, role)
    assert.match((await admin.get('/api-keys')).html, new RegExp(`…${last_four}`))
    for (const path of [
      '/api-keys/secrets',
      `/api-keys/secrets/${secret_id}/rotate`,
      `/api-keys/secrets/${secret_id}/revoke`,
      '/api-keys/public-tokens',
      `/api-keys/public-tokens/delete?public_token=${project.public_token}`,
    ])
      assert.equal((await admin.post(path, { confirm_name: last_four })).status, 403, path)
  }
  assert.equal((await secretsOf(project)).length, 1)
  assert.equal(await whoami(project), 200)
})

test("another project's secrets and tokens are not found", async () => {
  const [project, other] = [await newProject(), await newProject()]
  const admin = await newAdmin(project)
  const [{ secret_id, last_four } = { secret_id: '', last_four: '' }] = await secretsOf(other)
  const path = `/api-keys/secrets/${secret_id}`
  assert.equal((await admin.get(path)).status, 404)
  assert.equal((await admin.post(`${path}/rotate`, { overlap: '1' })).status, 404)
  assert.equal((await admin.post(`${path}/revoke`, { confirm_name: last_four })).status, 404)
  const token = `/api-keys/public-tokens/delete?public_token=${other.public_token}`
  const deleted = await admin.post(token, { confirm_name: other.public_token.slice(-4) })
  assert.equal(deleted.status, 404)
  assert.equal(await whoami(other), 200)
})

test('a form of another site makes no secret', async () => {
  const project = await newProject()
  const admin = await newAdmin(project)
  const elsewhere = { origin: 'https://evil.example' }
  assert.equal((await admin.post('/api-keys/secrets', {}, elsewhere)).status, 403)
  assert.equal((await admin.post('/api-keys/secrets', { csrf_token: 'x' })).status, 403)
  assert.equal((await secretsOf(project)).length, 1)
})
