/** A person with a browser, and what a login looks like to them. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { BrowserContext, BrowserContextOptions, Page, Response } from 'playwright-core'
import { browser } from './chromium.ts'
import type { Addresses } from './stage.ts'

export const ada = { name: 'Ada Lovelace', email: 'ada.lovelace@acme.test' }
export const grace = { name: 'Grace Hopper', email: 'grace.hopper@acme.test' }

const documents = new WeakMap<Page, Response>()

/**
 * A browser profile of its own, closed when the test ends. The test fails where a page of it has written
 * an error to the console, or asked for anything elsewhere than at the parts of the stage.
 */
export async function newVisitor(
  t: TestContext,
  stage: Addresses,
  options: BrowserContextOptions = {},
): Promise<BrowserContext> {
  const context = await (await browser()).newContext(options)
  context.setDefaultTimeout(10_000)
  const problems: string[] = []
  const origins = new Set(
    [stage.base_url, stage.idp_url, stage.app_url].map((url) => new URL(url).origin),
  )
  context.on('request', (request) => {
    const { origin, protocol } = new URL(request.url())
    if (protocol !== 'data:' && !origins.has(origin)) problems.push(`request to ${request.url()}`)
  })
  context.on('response', (response) => {
    const request = response.request()
    if (request.isNavigationRequest()) documents.set(request.frame().page(), response)
  })
  context.on('console', (message) => {
    // Chromium reports the status of a page itself as an error; what it should be, the tests say.
    const status = /^Failed to load resource: .* status of 4\d\d/.test(message.text())
    const itself = message.location().url === message.page()?.url()
    if (message.type() === 'error' && !(status && itself)) problems.push(message.text())
  })
  context.on('weberror', (error) => problems.push(String(error.error())))
  t.after(async () => {
    await context.close()
    assert.deepEqual(problems, [])
  })
  return context
}

/** The answer that the page shows. */
export function documentOf(page: Page): Response {
  const response = documents.get(page)
  assert.ok(response, 'the page shows a document')
  return response
}

/** At the identity provider's page: chooses who signs in. */
export async function signIn(page: Page, who: { email: string }): Promise<void> {
  await page.getByRole('button', { name: who.email }).click()
}

/** Waits for the example's page of a member who is logged in. */
export async function assertLoggedIn(
  page: Page,
  stage: Addresses,
  slug: string,
  who = ada,
): Promise<void> {
  await page.getByRole('heading', { name: `Hello, ${who.name}` }).waitFor()
  assert.equal(page.url(), `${stage.app_url}/org/${slug}`)
  assert.ok(await page.getByText(who.email).first().isVisible())
}

/** What a refusal must say: why, who can mend it, and the error type. */
export interface ExpectedRefusal {
  error_type: string
  reason: RegExp
  who: 'You' | 'IT administrator' | 'developers' | 'operator'
}

/**
 * Waits for the page of a refused login and looks at all that it promises: it stands at the server, with
 * status 400 or 404, a plain reason, who must act, and a request id, which is returned.
 */
export async function assertRefused(
  page: Page,
  stage: Addresses,
  expected: ExpectedRefusal & { status?: number },
): Promise<string> {
  await page.getByRole('heading', { name: 'You could not be signed in' }).waitFor()
  const response = documentOf(page)
  assert.equal(response.status(), expected.status ?? 400)
  assert.equal(new URL(page.url()).origin, stage.base_url, 'no redirect')
  assert.equal(response.headers().location, undefined)
  const textOf = async (selector: string) => (await page.locator(selector).textContent()) ?? ''
  assert.match(await textOf('.notice'), expected.reason)
  assert.match(
    await textOf('p:has(strong)'),
    new RegExp(`^[^.]*${expected.who}[^.]* can mend this`),
  )
  const text = await textOf('main')
  assert.ok(text.includes(expected.error_type), `${expected.error_type} in: ${text}`)
  const [request_id] = /request-id-test-[0-9a-f-]{36}/.exec(text) ?? []
  assert.ok(request_id, 'a request id')
  return request_id
}
