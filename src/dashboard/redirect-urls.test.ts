import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newProject, server, type TestProject } from '../../tests/harness.ts'
import { addRedirectURL, listRedirectURLs } from '../projects/redirect-urls.ts'
import { newAdmin } from './dashboard.test-kit.ts'

const url = 'https://app.example.com/authenticate'

async function stored({ project_id }: TestProject) {
  const rows = await listRedirectURLs((await server()).services.db, project_id)
  return rows.map((row) => `${row.type} ${row.url}${row.is_default ? ' default' : ''}`)
}

async function add({ project_id }: TestProject, address: string, types: string[]) {
  await addRedirectURL((await server()).services.db, { project_id, url: address, types })
}

test('a redirect URL is added for types, the first of each as its default', async () => {
  const project = await newProject()
  const admin = await newAdmin(project)
  assert.match((await admin.get('/redirect-urls')).html, /No redirect URL yet/)
  const added = await admin.post('/redirect-urls', { url, types: ['LOGIN', 'SIGNUP'] })
  assert.equal(added.location, `${admin.base}/redirect-urls`)
  assert.deepEqual(await stored(project), [`LOGIN ${url} default`, `SIGNUP ${url} default`])
  assert.match((await admin.get('/redirect-urls')).html, /The redirect URL was added/)
})

test('what cannot be a redirect URL is refused in words, and what was typed stays', async () => {
  const project = await newProject('live')
  const admin = await newAdmin(project)
  const refused: [string, RegExp][] = [
    ['http://app.example.com/', /https/],
    ['javascript:alert(1)', /scheme/],
    ['https://*.example.com/cb', /wildcard/],
    ['https://user:pw@example.com/', /user name/],
    ['nothing', /URL/],
  ]
  for (const [typed, why] of refused) {
    const answer = await admin.post('/redirect-urls', { url: typed, types: ['LOGIN'] })
    assert.equal(answer.status, 400, typed)
    assert.match(answer.html, why)
    assert.ok(answer.html.includes(`value="${typed}"`), typed)
  }
  assert.equal((await admin.post('/redirect-urls', { url })).status, 400)
  assert.equal((await admin.post('/redirect-urls', { url, types: ['OTHER'] })).status, 400)
  assert.deepEqual(await stored(project), [])
})

test('the default of a type moves to another URL', async () => {
  const project = await newProject()
  const admin = await newAdmin(project)
  await add(project, url, ['LOGIN', 'SIGNUP'])
  await add(project, 'https://b.example.com/', ['LOGIN'])
  await add(project, 'https://*.example.com/', ['LOGIN'])
  const become = (address: string, type: string) =>
    admin.post('/redirect-urls/default', { url: address, type })
  assert.equal((await become('https://*.example.com/', 'LOGIN')).status, 400)
  assert.equal((await become('https://b.example.com/', 'SIGNUP')).status, 404)
  assert.equal((await become('https://b.example.com/', 'LOGIN')).status, 303)
  assert.deepEqual(await stored(project), [
    `LOGIN ${url}`,
    `SIGNUP ${url} default`,
    'LOGIN https://b.example.com/ default',
    'LOGIN https://*.example.com/',
  ])
})

test('a removal says what breaks, and asks for the URL', async () => {
  const project = await newProject()
  const admin = await newAdmin(project)
  await add(project, url, ['LOGIN'])
  const path = `/redirect-urls/remove?${new URLSearchParams({ url })}`
  assert.match((await admin.get(path)).html, /It is the default of LOGIN/)
  assert.equal((await admin.post(path, { confirm_name: 'yes' })).status, 400)
  assert.equal((await stored(project)).length, 1)
  assert.equal((await admin.post(path, { confirm_name: url })).status, 303)
  assert.deepEqual(await stored(project), [])
})

test('a viewer changes no redirect URL, and another project is not touched', async () => {
  const [project, other] = [await newProject(), await newProject()]
  await add(other, url, ['LOGIN'])
  const path = `/redirect-urls/remove?${new URLSearchParams({ url })}`
  const editor = await newAdmin(project, 'editor')
  assert.equal((await editor.post(path, { confirm_name: url })).status, 404)
  assert.equal((await editor.post('/redirect-urls/default', { url, type: 'LOGIN' })).status, 404)
  const viewer = await newAdmin(other, 'viewer')
  assert.match((await viewer.get('/redirect-urls')).html, /app\.example\.com/)
  for (const each of ['/redirect-urls', '/redirect-urls/default', path])
    assert.equal(
      (await viewer.post(each, { url, types: ['SIGNUP'], type: 'LOGIN', confirm_name: url }))
        .status,
      403,
      each,
    )
  assert.deepEqual(await stored(other), [`LOGIN ${url} default`])
})
