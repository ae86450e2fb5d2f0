import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newProject } from '../../tests/harness.ts'
import { makeAdmin } from '../admins/admins.test-kit.ts'
import type { Services } from '../context.ts'
import { createProject } from '../projects/projects.ts'
import { createSystemProject } from '../projects/system-project.ts'
import { newAdmin } from './dashboard.test-kit.ts'
import { newOwner, origin } from './sign-in.test-kit.ts'

const ofServer = ['/dashboard/projects', '/dashboard/admins', '/dashboard/audit', '/dashboard/mail']

function cookieOf({ headers }: { headers: Headers }, name: string): string | undefined {
  return headers.getSetCookie().find((each) => each.split('=')[0] === name)
}

/** The project whose menu a page has. */
function menuOf(html: string): string | undefined {
  return /<p class="menu-title">[^<]*<\/p><ul class="menu mt-0">\s*<li><a href="\/dashboard\/projects\/([^"/]+)"/.exec(
    html,
  )?.[1]
}

async function addProject({ db }: Services, project_slug: string) {
  return createProject(db, { project_name: project_slug, project_slug, environment: 'test' })
}

test('what was done is said once, by a cookie that goes over https alone and comes from this host alone', async () => {
  const { visitor } = await newOwner()
  const name = '__Host-portcullis_notice'
  const done = await visitor.submit('/dashboard/account', '/dashboard/account/name', {
    name: 'Ada',
  })
  const kept = cookieOf(done, name)
  assert.match(
    kept ?? '',
    /^__Host-portcullis_notice=[^;]+; Max-Age=60; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  )
  const page = await visitor.get('/dashboard/account')
  assert.match(page.html, /role="status"><div><div class="alert-title">Your name was saved/)
  assert.match(cookieOf(page, name) ?? '', /=; Max-Age=0; Path=\/; .*Secure/)
  assert.doesNotMatch((await visitor.get('/dashboard/account')).html, /Your name was saved/)
  visitor.jar.set('portcullis_notice', 'Call+0800')
  assert.doesNotMatch((await visitor.get('/dashboard/account')).html, /0800/)
})

test('over http, as in development, the cookies of the pages are not Secure', async () => {
  const admin = await newAdmin(await newProject())
  const done = await admin.post('/dashboard/account/name', { name: 'Ada' })
  assert.match(
    cookieOf(done, 'portcullis_notice') ?? '',
    /^portcullis_notice=[^;]+; Max-Age=60; Path=\/; HttpOnly; SameSite=Lax$/,
  )
  const home = await admin.get('')
  assert.match(cookieOf(home, 'portcullis_project') ?? '', /; Path=\/; HttpOnly; SameSite=Lax$/)
})

test('pages of the server have the menu of the project visited last', async () => {
  const { services, visitor } = await newOwner()
  for (const slug of ['first', 'second']) await addProject(services, slug)
  const shown = async () => {
    const seen = await Promise.all(ofServer.map((path) => visitor.get(path)))
    for (const { status } of seen) assert.equal(status, 200)
    const menus = new Set(seen.map(({ html }) => menuOf(html)))
    assert.equal(menus.size, 1)
    return [...menus][0]
  }
  assert.equal(await shown(), undefined, 'no project was visited yet')
  assert.equal((await visitor.get('/dashboard')).location, '/dashboard/projects')
  const page = await visitor.get('/dashboard/projects/second/logins')
  assert.match(
    cookieOf(page, '__Host-portcullis_project') ?? '',
    /^__Host-portcullis_project=second; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  )
  assert.equal(await shown(), 'second')
  assert.equal((await visitor.get('/dashboard')).location, '/dashboard/projects/second')
  const again = await visitor.get('/dashboard/projects/second')
  assert.equal(cookieOf(again, '__Host-portcullis_project'), undefined, 'it is remembered already')
  await visitor.get('/dashboard/projects/first')
  assert.equal(await shown(), 'first')
  await visitor.get('/dashboard/projects/nobody')
  assert.equal(await shown(), 'first')
  const refused = await visitor.get('/dashboard/audit?since=yesterday')
  assert.deepEqual([refused.status, menuOf(refused.html)], [400, 'first'])
  for (const slug of ['nobody', '"><script>', 'x'.repeat(5_000)]) {
    visitor.jar.set('__Host-portcullis_project', slug)
    assert.equal(await shown(), undefined, slug.slice(0, 20))
  }
})

test('the only project has its menu everywhere, for viewers too; that of the administrators is none to work in', async () => {
  const { services, visitor } = await newOwner()
  await addProject(services, 'only')
  await visitor.signIn(await makeAdmin(services, { role: 'viewer' }))
  for (const path of ['/dashboard/projects', '/dashboard/mail', '/dashboard/account'])
    assert.equal(menuOf((await visitor.get(path)).html), 'only', path)
  await services.db
    .transaction()
    .execute((db) => createSystemProject(db, `${origin}/dashboard/sign-in/sso/finish`))
  const project_slug = 'portcullis-administrators'
  assert.equal(
    menuOf((await visitor.get(`/dashboard/projects/${project_slug}`)).html),
    project_slug,
  )
  assert.equal(menuOf((await visitor.get('/dashboard/mail')).html), 'only')
})

test('the address of the server alone leads a browser to the dashboard, and a program to an error', async () => {
  const { visitor } = await newOwner()
  const page = await visitor.get('/', { accept: 'text/html' })
  assert.deepEqual([page.status, page.location], [302, '/dashboard'])
  assert.equal((await visitor.get('/')).status, 404)
})
