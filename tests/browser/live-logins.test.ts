/** Logins in the dashboard while they happen, in a real browser. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createAdminSession } from '../../src/admins/sessions.ts'
import { sessionCookie } from '../../src/dashboard/session-cookie.ts'
import { uuidv7 } from '../../src/db/ids.ts'
import { findProject } from '../../src/projects/projects.ts'
import { browser } from './chromium.ts'
import { connectOIDC, newOrganization, type Stage, stage, startURL } from './stage.ts'
import { assertLoggedIn, grace, newVisitor, signIn } from './visitor.ts'

/** An administrator's cookie, and the address of the project's logins. */
async function signedIn(parts: Stage) {
  const { services, base_url, project } = parts
  const admin_id = `admin-${uuidv7()}`
  const now = services.now()
  await services.db
    .insertInto('admins')
    .values({
      admin_id,
      email_address: `${admin_id}@example.com`,
      role: 'viewer',
      created_at: now,
      updated_at: now,
    })
    .execute()
  const from = { address: '127.0.0.1', user_agent: 'test' }
  const { token } = await createAdminSession(services, admin_id, from)
  const cookie = { name: sessionCookie(services.config), value: token, url: base_url }
  const { project_slug } = await findProject(services, project.project_id)
  return { admin_id, cookie, logins: `${base_url}/dashboard/projects/${project_slug}/logins` }
}

/** A browser in which an administrator is signed in. */
async function watcher(t: TestContext, parts: Stage) {
  const context = await newVisitor(t, parts, { viewport: { width: 1280, height: 400 } })
  const { cookie, ...rest } = await signedIn(parts)
  await context.addCookies([cookie])
  return { ...rest, context }
}

test('whoever watches sees a login appear and go on, stays where they read, and signs in again when the session ends', async (t) => {
  const parts = await stage()
  const { organization_id, organization_slug } = await newOrganization(parts)
  const connection_id = await connectOIDC(parts, organization_id)
  const start = startURL(parts, connection_id)
  for (let i = 0; i < 15; i += 1) await parts.app.request(start)
  const { admin_id, context, logins } = await watcher(t, parts)
  const list = await context.newPage()
  await list.goto(`${logins}?${new URLSearchParams({ connection: connection_id })}`)
  const rows = list.locator('#logins-table tbody tr')
  assert.equal(await rows.count(), 15)
  const read = rows.nth(8)
  const row_id = await read.getAttribute('id')
  await read.getByRole('link').first().focus()
  await list.evaluate(
    "document.activeElement.scrollIntoView({ block: 'center', behavior: 'instant' })",
  )
  const place = await read.boundingBox()

  const page = await (await newVisitor(t, parts)).newPage()
  await page.goto(start)
  await rows.nth(15).waitFor()
  const same = list.locator(`[id="${row_id}"]`)
  const moved = (await same.boundingBox())!.y - place!.y
  assert.ok(Math.abs(moved) < 5, `the row has moved by ${moved} px`)
  assert.equal(await list.evaluate("document.activeElement.closest('tr').id"), row_id)

  const trace = await context.newPage()
  await trace.goto(
    new URL((await rows.first().getByRole('link').first().getAttribute('href'))!, logins).href,
  )
  await trace.getByText('This page follows the login by itself.').waitFor()
  await trace.evaluate('window.neverReloaded = true')
  await signIn(page, grace)
  await assertLoggedIn(page, parts, organization_slug, grace)
  await trace.getByText(`${grace.email} signed in in`).waitFor()
  assert.equal(await trace.evaluate('window.neverReloaded'), true)
  await trace.close()

  await parts.services.db.deleteFrom('admin_sessions').where('admin_id', '=', admin_id).execute()
  await list.bringToFront()
  await list.waitForURL(/\/dashboard\/sign-in\?next=/)
})

test('a list that the server does not refresh any more says so, until it answers again', async (t) => {
  const parts = await stage()
  const { cookie, logins } = await signedIn(parts)
  // Chromium reports what does not answer as errors, which a visitor may not have.
  const context = await (await browser()).newContext()
  t.after(() => context.close())
  await context.addCookies([cookie])
  const page = await context.newPage()
  await page.goto(logins)
  const notice = page.getByRole('status').filter({ hasText: 'may be out of date' })
  let answer: 'none' | 'of a proxy' | 'its own' = 'none'
  await page.route(/\/logins(\?|$)/, (route) => {
    if (answer === 'none') return route.abort()
    return answer === 'its own' ? route.continue() : route.fulfill({ status: 502, body: 'Bad' })
  })
  for (const broken of ['none', 'of a proxy'] as const) {
    answer = broken
    await notice.waitFor()
    answer = 'its own'
    await notice.waitFor({ state: 'detached' })
  }
})
