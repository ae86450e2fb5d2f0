/** For tests: a connection that is tried, as a page of the dashboard does it. */
import { server } from '../../tests/harness.ts'
import { Browser, base_url, type Setup } from '../../tests/login.ts'
import { lastFlow } from './login.test-kit.ts'
import { type Answer, respond } from './saml-idp.test-kit.ts'
import { startTestLogin } from './test-login.ts'

export const ada = 'ada.lovelace@acme.test'
export const return_url = '/dashboard/somewhere?tab=test'

/** Starts a test in a browser, as a page of the dashboard does. */
export async function startTest(
  browser: Browser,
  setup: Setup,
  connection_id: string,
  changes = {},
) {
  const { services } = await server()
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const request = new Request(`${base_url}/dashboard/test`, { headers: { cookie } })
  const response = await startTestLogin(
    services,
    { project_id: setup.project.project_id, connection_id },
    { tested_by: 'admin-1', return_url, request, ...changes },
  )
  for (const header of response.headers.getSetCookie()) {
    const [name = '', value = ''] = header.split(';')[0]!.split('=')
    browser.cookies.set(name, value)
  }
  return response
}

/** A test at the test identity provider; returns the answer of the callback. */
export async function tryOut(setup: Setup, connection_id: string, who = ada) {
  const browser = new Browser()
  const started = await startTest(browser, setup, connection_id)
  return browser.submit(await browser.signIn(started, who))
}

/** A test that the SAML identity provider of these tests answers; returns its row. */
export async function tryAnswer(setup: Setup, connection_id: string, answer: Answer = {}) {
  const browser = new Browser()
  const started = await startTest(browser, setup, connection_id)
  await browser.submit(respond(connection_id, started, answer))
  return lastFlow(setup.project)
}
