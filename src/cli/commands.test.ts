import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { server } from '../../tests/harness.ts'
import { listAudit } from '../events/audit.ts'
import { json, newProject, portcullis, refused } from './commands.test-kit.ts'

async function whoami(project_id: string, secret: string): Promise<number> {
  const { app } = await server()
  const authorization = `Basic ${Buffer.from(`${project_id}:${secret}`).toString('base64')}`
  const response = await app.request('/v1/debug/whoami', { headers: { authorization } })
  return response.status
}

test('project create makes a project that the API knows, and project list shows it', async () => {
  const made = await newProject()
  assert.deepEqual(Object.keys(made), ['slug', 'project_id', 'secret_id', 'secret', 'public_token'])
  assert.match(made.project_id, /^project-test-/)
  assert.match(made.secret, /^secret-test-/)
  assert.match(made.public_token, /^public-token-test-/)
  assert.equal(await whoami(made.project_id, made.secret), 200)
  const { projects } = await json('project', 'list')
  const listed = projects.find((each: typeof made) => each.project_id === made.project_id)
  assert.equal(listed.project_name, 'A test')
  assert.equal(listed.project_slug, made.slug)
  const live = await newProject('--environment', 'live')
  assert.match(live.project_id, /^project-live-/)
  assert.match(live.secret, /^secret-live-/)
})

test('project create refuses what is missing, wrong or taken', async () => {
  const { slug } = await newProject()
  const create = ['project', 'create', '--name', 'A test']
  await refused(2, /--slug is required/, ...create)
  await refused(2, /--name is required/, 'project', 'create', '--slug', 'x1')
  await refused(2, /--environment is test or live/, ...create, '--slug', 'x1', '--environment', 'x')
  await refused(1, new RegExp(`"${slug}" is taken`), ...create, '--slug', slug)
  await refused(1, /2 to 64 characters/, ...create, '--slug', 'Not A Slug')
})

test('secrets: several are valid at once, the list shows no text, a revoked one is refused', async () => {
  const { project_id, slug, secret, secret_id } = await newProject()
  const second = await json('secret', 'create', '--project', slug, '--expires-in-days', '30')
  assert.equal(await whoami(project_id, secret), 200)
  assert.equal(await whoami(project_id, second.secret), 200)
  const { secrets } = await json('secret', 'list', '--project', project_id)
  assert.deepEqual(
    secrets.map((each: Record<string, string>) => [each.secret_id, each.last_four]),
    [
      [secret_id, secret.slice(-4)],
      [second.secret_id, second.secret.slice(-4)],
    ],
  )
  assert.ok(!JSON.stringify(secrets).includes(secret.slice(12)))
  const days = (Date.parse(secrets[1].expires_at) - Date.now()) / 86_400_000
  assert.ok(days > 29.9 && days <= 30)
  const revoked = await json('secret', 'revoke', secret_id, '--project', slug)
  assert.deepEqual(revoked, { secret_id, revoked: true })
  const deadline = Date.now() + 1_000
  while ((await whoami(project_id, secret)) !== 401) {
    assert.ok(Date.now() < deadline)
    await setTimeout(10)
  }
  assert.equal(await whoami(project_id, second.secret), 200)
})

test('secret commands refuse what is missing, wrong or unknown', async () => {
  const { slug } = await newProject()
  await refused(2, /--project is required/, 'secret', 'create')
  await refused(1, /no project "nobody"/, 'secret', 'create', '--project', 'nobody')
  const create = ['secret', 'create', '--project', slug, '--expires-in-days']
  for (const days of ['0', 'soon']) await refused(2, /above 0/, ...create, days)
  await refused(2, /Which secret/, 'secret', 'revoke', '--project', slug)
  await refused(1, /not.*found/i, 'secret', 'revoke', 'secret-id-x', '--project', slug)
  await refused(2, /"b" is one argument too many/, 'secret', 'revoke', 'a', 'b', '--project', slug)
})

test('redirect URLs are added with their types, listed and removed', async () => {
  const { slug } = await newProject()
  const [app, other] = ['https://app.example.com/authenticate', 'https://other.example.com/in']
  const project = ['--project', slug]
  assert.deepEqual(await json('redirect-url', 'add', app, ...project), {
    url: app,
    valid_types: [
      { type: 'LOGIN', is_default: true },
      { type: 'SIGNUP', is_default: true },
    ],
  })
  const types = ['--type', 'LOGIN', '--type', 'invite']
  const added = await json('redirect-url', 'add', other, ...types, ...project, '--default')
  assert.deepEqual(added.valid_types, [
    { type: 'LOGIN', is_default: true },
    { type: 'INVITE', is_default: true },
  ])
  const { redirect_urls } = await json('redirect-url', 'list', ...project)
  const defaults = redirect_urls
    .filter((each: { is_default: boolean }) => each.is_default)
    .map((each: { url: string; type: string }) => `${each.type} ${each.url}`)
  assert.deepEqual(defaults.sort(), [`INVITE ${other}`, `LOGIN ${other}`, `SIGNUP ${app}`])
  assert.deepEqual(await json('redirect-url', 'remove', other, ...project), {
    url: other,
    removed: true,
  })
  const left = await json('redirect-url', 'list', ...project)
  assert.equal(left.redirect_urls.length, 2)
})

test('redirect-url commands refuse what is missing, wrong, known or unknown', async () => {
  const { slug } = await newProject()
  const project = ['--project', slug]
  const app = 'https://app.example.com/authenticate'
  for (const verb of ['add', 'remove'])
    await refused(2, /Which URL/, 'redirect-url', verb, ...project)
  await refused(1, /https/, 'redirect-url', 'add', 'http://app.example.com/', ...project)
  await refused(1, /type/i, 'redirect-url', 'add', app, '--type', 'LOGOUT', ...project)
  await json('redirect-url', 'add', app, ...project)
  await refused(1, /./, 'redirect-url', 'add', app, ...project)
  await refused(1, /not.*found/i, 'redirect-url', 'remove', `${app}/x`, ...project)
})

test('keys rotate publishes a key that signs in 15 minutes', async () => {
  const { project_id, slug } = await newProject()
  const { key_id, signs_from } = await json('keys', 'rotate', '--project', slug)
  const minutes = (Date.parse(signs_from) - Date.now()) / 60_000
  assert.ok(minutes > 14 && minutes <= 15)
  const { app } = await server()
  const response = await app.request(`/v1/b2b/sessions/jwks/${project_id}`)
  const { keys } = (await response.json()) as { keys: { kid: string }[] }
  assert.equal(keys.length, 2, 'the first key, which signs, and the new one')
  assert.ok(keys.some((key) => key.kid === key_id))
})

test('what commands change stands in the audit log, by the account that ran them and without secrets', async () => {
  const { project_id, slug, secret } = await newProject()
  const made = await json('secret', 'create', '--project', slug)
  await json('secret', 'revoke', made.secret_id, '--project', slug)
  await json('redirect-url', 'add', 'https://app.example.com/in', '--project', slug)
  await json('redirect-url', 'remove', 'https://app.example.com/in', '--project', slug)
  await json('keys', 'rotate', '--project', slug)
  await json('secret', 'list', '--project', slug)
  const { services } = await server()
  const { entries } = await listAudit(services.db, { project_id })
  assert.deepEqual(entries.map(({ action }) => action).reverse(), [
    'project.create',
    'secret.create',
    'secret.revoke',
    'redirect_url.add',
    'redirect_url.remove',
    'signing_key.rotate',
  ])
  for (const { actor_type, actor_name } of entries) {
    assert.equal(actor_type, 'cli')
    assert.match(actor_name, /^portcullis \(.+@.+\)$/)
  }
  const text = JSON.stringify(entries)
  for (const each of [secret, made.secret]) assert.ok(!text.includes(each))
})

test('migrate says what it applied: nothing, where the tables are up to date', async () => {
  assert.deepEqual(await json('migrate'), { applied: [] })
})

test('without --json results are lines for people', async () => {
  const { slug } = await newProject()
  const { stdout } = await portcullis('secret', 'create', '--project', slug)
  assert.match(stdout, /^secret_id secret-id-test-\S+\nsecret secret-test-\S+\n/)
})

test('without --json a list is a table, and an empty one says what to do', async () => {
  const { slug, project_id } = await newProject()
  const projects = await portcullis('project', 'list')
  assert.match(projects.stdout, /^SLUG +NAME +CREATED +ID\n/)
  assert.match(
    projects.stdout,
    new RegExp(`^${slug} +A test +\\d{4}-\\d\\d-.* +${project_id}$`, 'm'),
  )
  const secrets = await portcullis('secret', 'list', '--project', slug)
  assert.match(secrets.stdout, /^ENDS IN .*\n\S{4} +\d{4}-\S+ \S+ +- +- +secret-id-test-\S+\n$/)
  const none = await portcullis('redirect-url', 'list', '--project', slug)
  assert.match(none.stdout, /redirect-url add/)
  const url = 'https://app.example.com/authenticate'
  await portcullis('redirect-url', 'add', url, '--project', slug)
  const urls = await portcullis('redirect-url', 'list', '--project', slug)
  assert.match(urls.stdout, /^LOGIN +default +https:\/\/app\.example\.com\/authenticate$/m)
})

test('every command has a help of its own, and an unknown one gets the list', async () => {
  const { code, stdout } = await portcullis('help')
  assert.equal(code, 0)
  const names = [...stdout.matchAll(/^ {2}([a-z-]+(?: [a-z-]+)?) {2,}\S/gm)].map(
    (match) => match[1]!,
  )
  assert.deepEqual(names, [
    'serve',
    'project create',
    'project list',
    'secret create',
    'secret list',
    'secret revoke',
    'redirect-url add',
    'redirect-url list',
    'redirect-url remove',
    'admin list',
    'admin invite',
    'admin reset',
    'connection set',
    'connection refresh-metadata',
    'certificates list',
    'logins list',
    'logins show',
    'keys rotate',
    'migrate',
    'doctor',
  ])
  for (const name of names) {
    const help = await portcullis(...name.split(' '), '--help')
    assert.equal(help.code, 0)
    assert.match(help.stdout, new RegExp(`^portcullis ${name} `))
    assert.match(help.stdout, /--json/)
  }
  for (const wrong of [['projects'], ['project'], ['project', 'delete']])
    await refused(2, /There is no command[\s\S]*project create/, ...wrong)
  const group = await portcullis('secret', '--help')
  assert.equal(group.code, 0)
  assert.match(group.stdout, /secret create[\s\S]*secret revoke/)
  assert.doesNotMatch(group.stdout, /redirect-url add/)
  await refused(2, /--nmae/, 'project', 'create', '--nmae', 'x')
})
