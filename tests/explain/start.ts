/** Start links that are wrong, and connections that are not finished: refused before the login leaves. */
import assert from 'node:assert/strict'
import { addRedirectURL } from '../../src/projects/redirect-urls.ts'
import type { Check } from '../../src/sso/flow.ts'
import { call, newProject, server } from '../harness.ts'
import { app_url, Browser, base_url, newSetup, type Setup } from '../login.ts'
import {
  assertExplained,
  assertPage,
  assertSays,
  type Case,
  type Names,
  readable,
  type Told,
} from './explain.ts'

interface Mistake {
  name: string
  /** Done beforehand; returns what the link holds beside the public token, and further names. */
  link: (setup: Setup) => Promise<{ query: Record<string, string>; names?: Names }>
  told: Told
  /** What the page says was found, where that is less than the trace has. */
  onPage?: string
  /** Nothing tells whose login it would have been: there is a page, and no trace. */
  untraced?: true
}

const developer = 'developer' as const
const redirect = { check: 'redirect_url', who: developer }

async function register(setup: Setup, url: string, types: string[]): Promise<void> {
  const { services } = await server()
  await addRedirectURL(services.db, { project_id: setup.project.project_id, url, types })
  services.caches.drop('project', setup.project.project_id)
}

const toLogin = async (setup: Setup, login_redirect_url: string) => ({
  query: { connection_id: setup.saml, login_redirect_url },
})

/** A connection that was begun, and what was entered so far. */
async function begun(setup: Setup, type: 'saml' | 'oidc', entered: Record<string, unknown>) {
  const path = `/v1/b2b/sso/${type}/${setup.organization_id}`
  const { body } = await call(setup.project, 'POST', path, {})
  const { connection_id } = body.connection
  const saved = await call(setup.project, 'PUT', `${path}/connections/${connection_id}`, entered)
  assert.equal(saved.status, 200, saved.body.error_message)
  return { query: { connection_id } }
}

const mistakes: readonly Mistake[] = [
  {
    name: 'the SAML connection has no certificate yet',
    link: (setup) =>
      begun(setup, 'saml', {
        idp_entity_id: 'https://idp.example',
        idp_sso_url: 'https://idp.example/sso',
        attribute_mapping: { email: 'email', full_name: 'name' },
      }),
    told: {
      error_type: 'requires_active_sso_connection',
      check: 'connection',
      who: 'it_admin',
      expected: 'an active connection',
      actual: 'pending: it lacks x509_certificate',
      what: /Fill in what the connection lacks: x509_certificate/,
    },
  },
  {
    name: 'discovery was down when the OIDC connection was saved',
    link: (setup) =>
      begun(setup, 'oidc', { issuer: 'http://127.0.0.1:9', client_id: 'c', client_secret: 's' }),
    told: {
      error_type: 'requires_active_sso_connection',
      check: 'connection',
      who: 'it_admin',
      expected: 'an active connection',
      actual: 'authorization_url, token_url, userinfo_url, jwks_url',
      what: /Fill in what the connection lacks: authorization_url/,
    },
  },
  {
    name: 'the redirect URL has another port than the registered one',
    link: (setup) => toLogin(setup, 'http://localhost:3001/authenticate'),
    told: {
      ...redirect,
      error_type: 'no_match_for_provided_sso_url',
      expected: app_url,
      actual: 'http://localhost:3001/authenticate',
      what: /Register this address with the type LOGIN/,
    },
  },
  {
    name: 'the redirect URL is that of another environment',
    link: (setup) => toLogin(setup, 'https://staging.app.example/authenticate'),
    told: {
      ...redirect,
      error_type: 'no_match_for_provided_sso_url',
      expected: app_url,
      actual: 'https://staging.app.example/authenticate',
      what: /Register this address with the type LOGIN/,
    },
    onPage: 'an address of another host',
  },
  {
    name: 'the redirect URL is registered for invitations alone',
    link: async (setup) => {
      await register(setup, 'https://app.example/invited', ['INVITE'])
      return toLogin(setup, 'https://app.example/invited')
    },
    told: {
      ...redirect,
      error_type: 'invalid_login_sso_url',
      expected: 'of the type LOGIN',
      actual: 'https://app.example/invited, registered with the type INVITE',
      what: /Add the type LOGIN/,
    },
  },
  {
    name: 'the redirect URL is registered with another query',
    link: async (setup) => {
      await register(setup, 'https://app.example/cb?tenant=1', ['LOGIN'])
      return toLogin(setup, 'https://app.example/cb?tenant=2')
    },
    told: {
      ...redirect,
      error_type: 'query_params_do_not_match',
      expected: 'https://app.example/cb?tenant=1',
      actual: 'https://app.example/cb?tenant=2',
      what: /path and query must be the same/,
    },
  },
  {
    name: 'no redirect URL is registered for those who sign up',
    link: async (setup) => {
      const { services } = await server()
      const { project_id } = setup.project
      await services.db
        .deleteFrom('redirect_urls')
        .where('project_id', '=', project_id)
        .where('type', '=', 'SIGNUP')
        .execute()
      services.caches.drop('project', project_id)
      return { query: { connection_id: setup.oidc } }
    },
    told: {
      ...redirect,
      error_type: 'no_signup_redirect_urls_set',
      expected: 'none is registered',
      actual: 'no signup_redirect_url in the link',
      what: /as the default redirect URL/,
    },
  },
  {
    name: 'the PKCE challenge is the hexadecimal digest',
    link: async (setup) => ({
      query: { connection_id: setup.saml, pkce_code_challenge: 'ab'.repeat(32) },
    }),
    told: {
      error_type: 'invalid_pkce_code_challenge',
      check: 'pkce_code_challenge',
      who: developer,
      expected: '43 characters',
      actual: '64 characters',
      what: /not its hexadecimal form/,
    },
  },
  {
    name: 'the link names an organization that has no connection yet',
    link: async (setup) => {
      const { body } = await call(setup.project, 'POST', '/v1/b2b/organizations', {
        organization_name: 'New',
        organization_slug: 'new',
      })
      return { query: { organization_id: body.organization.organization_id } }
    },
    untraced: true,
    told: {
      error_type: 'no_sso_connection_exists_for_organization',
      check: 'connection',
      who: 'it_admin',
      expected: 'an active SSO connection of the organization new',
      actual: 'none is active',
      what: /Set up and activate an SSO connection/,
    },
  },
  {
    name: 'the public token is that of another project',
    link: async (setup) => {
      const { public_token, project_id } = await newProject()
      return {
        query: { connection_id: setup.saml, public_token },
        names: { other: project_id, saml: setup.saml },
      }
    },
    untraced: true,
    told: {
      error_type: 'sso_connection_not_found',
      check: 'connection',
      who: developer,
      expected: 'a connection of the project {other}',
      actual: '{saml}',
      what: /public token of the project that the connection belongs to/,
    },
  },
]

async function run({ link, told, onPage, untraced }: Mistake): Promise<void> {
  const setup = await newSetup()
  const { query, names } = await link(setup)
  const { public_token } = setup.project
  const url = `${base_url}/v1/public/sso/start?${new URLSearchParams({ public_token, ...query })}`
  const response = await new Browser().request(url)
  if (!untraced) return assertExplained(setup, response, told, names, onPage)
  await assertPageAlone(url, response, told, names)
}

/** Asserts what a refusal without a trace says: the page, and the same as JSON. */
async function assertPageAlone(url: string, response: Response, told: Told, names?: Names) {
  const json = await new Browser().request(url, { headers: { accept: 'application/json' } })
  const body = (await json.json()) as { error_type: string; error_details: { checks: Check[] } }
  assert.equal(body.error_type, told.error_type)
  const [check] = body.error_details.checks
  assert.equal(check?.name, told.check)
  assertSays(check!, told, names)
  assertPage(readable(await response.text()), check!, told)
}

export const startCases: readonly Case[] = mistakes.map((mistake) => ({
  name: mistake.name,
  kind: 'start',
  run: () => run(mistake),
}))
