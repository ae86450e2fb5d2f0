/** An IT admin with a setup link, in a browser without scripts. */
import { server } from '../../tests/harness.ts'
import { Browser, base_url, type Setup, testIdP } from '../../tests/login.ts'
import { createSetupLink } from './setup-links.ts'

export const ada = 'ada.lovelace@acme.test'

export type Fields = Record<string, string>

/** A link of the organization; `changes` make it another one. */
export async function newSetupLink(setup: Setup, changes = {}) {
  const { services } = await server()
  return createSetupLink(services, {
    project_id: setup.project.project_id,
    organization_id: setup.organization_id,
    created_by: 'admin-1',
    note: 'Kim',
    lifetime_hours: 24,
    ...changes,
  })
}

/** A browser that opens links and sends the portal's forms. */
export class ITAdmin {
  readonly browser = new Browser()

  async get(path: string) {
    const response = await this.browser.request(path.startsWith('http') ? path : base_url + path)
    return answerOf(response)
  }

  /** Opens a link and follows it to its first page. */
  async open(url: string) {
    let answer = await this.get(url)
    for (let i = 0; i < 3 && answer.location; i++) answer = await this.get(answer.location)
    return answer
  }

  /** Sends a form with the token that the page `from` holds; `headers` make it another site's. */
  async post(path: string, fields: Fields = {}, headers: Fields = { origin: base_url }) {
    const page = await this.get('/setup/step/choose')
    const [, csrf_token = ''] = /name="csrf_token" value="([^"]+)"/.exec(page.html) ?? []
    const body = new URLSearchParams({ csrf_token, ...fields })
    return answerOf(await this.browser.request(base_url + path, { method: 'POST', body, headers }))
  }

  /** A test login as `who`, back to the portal's page. */
  async test(who = ada) {
    const page = await this.get('/setup/step/choose')
    const [, csrf_token = ''] = /name="csrf_token" value="([^"]+)"/.exec(page.html) ?? []
    const started = await this.browser.request(`${base_url}/setup/test`, {
      method: 'POST',
      body: new URLSearchParams({ csrf_token }),
      headers: { origin: base_url },
    })
    const back = await this.browser.submit(await this.browser.signIn(started, who))
    return this.get(back.headers.get('location') ?? '')
  }
}

async function answerOf(response: Response) {
  const location = response.headers.get('location') ?? ''
  return { status: response.status, location, html: await response.text() }
}

/** The steps from the choice to the values of the test identity provider, entered one by one. */
export async function fillIn(admin: ITAdmin, type: 'saml' | 'oidc'): Promise<void> {
  const { saml, oidc } = await testIdP()
  await admin.post('/setup/choose', { provider: `generic ${type}` })
  if (type === 'saml') {
    await admin.post('/setup/step/guide-metadata', {
      way: 'fields',
      idp_entity_id: saml.entity_id,
      idp_sso_url: saml.sso_url,
      x509_certificate: saml.certificate,
    })
    return
  }
  const { issuer, client_id, client_secret } = oidc
  await admin.post('/setup/step/guide-credentials', {
    way: 'fields',
    issuer,
    client_id,
    client_secret,
    authorization_url: `${issuer}/authorize`,
    token_url: `${issuer}/token`,
    userinfo_url: `${issuer}/userinfo`,
    jwks_url: `${issuer}/jwks`,
  })
}
