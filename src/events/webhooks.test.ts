import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newProject, server } from '../../tests/harness.ts'
import {
  createWebhook,
  deleteWebhook,
  findWebhook,
  listWebhooks,
  rotateWebhookSecret,
  updateWebhook,
} from './webhooks.ts'

async function inProduction() {
  const { services } = await server()
  return { ...services, config: { ...services.config, mode: 'production' as const } }
}

test('a webhook is made, listed, changed and deleted; its secret is told when it is made', async () => {
  const { project_id } = await newProject()
  const services = await inProduction()
  const { webhook, secret } = await createWebhook(services, {
    project_id,
    url: ' https://example.com/hook?a=b ',
    description: 'CRM',
    event_types: ['login.failed', 'direct.member.create', 'login.failed'],
  })
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
  const { webhook_id } = webhook
  assert.match(webhook_id, /^webhook-test-/)
  assert.equal(webhook.url, 'https://example.com/hook?a=b')
  assert.deepEqual(webhook.event_types, ['login.failed', 'direct.member.create'])
  const shown = await findWebhook(services.db, { project_id, webhook_id })
  assert.deepEqual(shown, webhook)
  assert.ok(!JSON.stringify(shown).includes(secret))
  const changed = await updateWebhook(services, { project_id, webhook_id, event_types: [] })
  assert.deepEqual([changed.event_types, changed.url], [[], webhook.url])
  assert.deepEqual(await listWebhooks(services.db, { project_id }), [changed])
  await deleteWebhook(services.db, { project_id, webhook_id })
  assert.deepEqual(await listWebhooks(services.db, { project_id }), [])
})

test('a secret is stored encrypted', async () => {
  const { project_id } = await newProject()
  const { services } = await server()
  const { secret } = await createWebhook(services, { project_id, url: 'https://example.com' })
  const stored = await services.db
    .selectFrom('webhook_endpoints')
    .select('secret')
    .where('project_id', '=', project_id)
    .executeTakeFirstOrThrow()
  assert.ok(!stored.secret.includes(Buffer.from(secret.slice(6, 30))))
})

test('an address that must not be requested is refused when it is entered', async () => {
  const { project_id } = await newProject()
  const services = await inProduction()
  const cases: [string, RegExp][] = [
    ['http://example.com/hook', /plain http/],
    ['https://127.0.0.1/hook', /this machine/],
    ['https://[::ffff:169.254.169.254]/', /not a public address/],
    ['https://2130706433/', /this machine/],
    ['https://10.0.0.1/hook', /private/],
    ['https://example.com:8443/', /port 8443/],
    ['https://user:pass@example.com/', /without user name/],
    ['ftp://example.com/', /https URL/],
    ['hook', /https URL/],
    ['https://example.com/#a', /fragment/],
    [`https://example.com/${'a'.repeat(2_048)}`, /2,048/],
  ]
  const { webhook } = await createWebhook(services, { project_id, url: 'https://example.com' })
  for (const [url, message] of cases) {
    const refused = { error_type: 'bad_request', status: 400, message }
    await assert.rejects(createWebhook(services, { project_id, url }), refused, url)
    await assert.rejects(updateWebhook(services, { ...webhook, url }), refused, url)
  }
  const wrong = { project_id, url: 'https://example.com', event_types: ['direct.member.steal'] }
  await assert.rejects(createWebhook(services, wrong), /no events called "direct.member.steal"/)
})

test('a project has at most 20 webhooks', async () => {
  const { project_id } = await newProject()
  const { services } = await server()
  const given = { project_id, url: 'https://example.com' }
  for (let n = 0; n < 20; n++) await createWebhook(services, given)
  await assert.rejects(createWebhook(services, given), /at most 20/)
})

test("another project's webhook is none", async () => {
  const [mine, theirs] = [await newProject(), await newProject()]
  const { services } = await server()
  const { webhook } = await createWebhook(services, {
    project_id: theirs.project_id,
    url: 'https://example.com',
  })
  const reference = { project_id: mine.project_id, webhook_id: webhook.webhook_id }
  const missing = { status: 404 }
  await assert.rejects(findWebhook(services.db, reference), missing)
  await assert.rejects(updateWebhook(services, { ...reference, description: 'a' }), missing)
  await assert.rejects(updateWebhook(services, { ...reference, status: 'disabled' }), missing)
  await assert.rejects(rotateWebhookSecret(services, reference), missing)
  await assert.rejects(deleteWebhook(services.db, reference), missing)
  assert.deepEqual(await listWebhooks(services.db, { project_id: mine.project_id }), [])
  assert.deepEqual(await findWebhook(services.db, webhook), webhook)
})
