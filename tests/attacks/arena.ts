/** A running server, a connection at the identity provider of this folder, and a browser at both. */
import assert from 'node:assert/strict'
import type { Hono } from 'hono'
import { sp } from '../../src/saml/encrypting.test-kit.ts'
import { IDP } from '../../src/saml/signing.test-kit.ts'
import type { Check } from '../../src/sso/flow.ts'
import { authnRequest } from '../../src/sso/saml-idp.test-kit.ts'
import { call, server } from '../harness.ts'
import { Browser, base_url, connectSAML, newSetup, type Setup } from '../login.ts'
import { certificates, Exchange } from './exchange.ts'

export interface Arena extends Setup {
  /** The connection that trusts the identity provider of these tests. */
  connection_id: string
  acs: string
}

/** A project, an organization that takes everybody, and a connection with all keys. */
export async function newArena(setup?: Setup): Promise<Arena> {
  const tenant = setup ?? (await newSetup())
  const [first, ...others] = certificates.trusted
  const connection_id = await connectSAML(tenant.project, tenant.organization_id, {
    idp_entity_id: IDP,
    idp_sso_url: 'https://idp.example/sso',
    x509_certificate: first,
    attribute_mapping: { email: 'email', first_name: 'firstName', last_name: 'lastName' },
    saml_encryption_private_key: sp.privateKey.export({ type: 'pkcs8', format: 'pem' }),
  })
  const path = `/v1/b2b/sso/saml/${tenant.organization_id}/connections/${connection_id}`
  for (const x509_certificate of others) {
    const { status } = await call(tenant.project, 'PUT', path, { x509_certificate })
    assert.equal(status, 200)
  }
  return { ...tenant, connection_id, acs: `${base_url}/v1/b2b/sso/callback/${connection_id}` }
}

/** A login that was begun: what to answer to, and where its answer goes. */
export interface Begun {
  browser: Browser
  exchange: Exchange
  relay_state: string
  request_id: string
}

/** Begins a login, in process or over a socket. */
export async function begin(arena: Arena, browser = new Browser()): Promise<Begun> {
  const started = await browser.start(arena, arena.connection_id)
  const { id, relay_state } = authnRequest(started)
  const exchange = new Exchange({
    acs: arena.acs,
    audience: arena.acs,
    request_id: id,
    now: new Date(),
  })
  return { browser, exchange, relay_state, request_id: id }
}

/** Posts an answer to the callback as the browser would. */
export function post(
  { browser, relay_state }: Pick<Begun, 'browser' | 'relay_state'>,
  acs: string,
  saml_response: string,
): Promise<Response> {
  const fields = new URLSearchParams({ SAMLResponse: saml_response })
  if (relay_state !== '') fields.set('RelayState', relay_state)
  return browser.submit({ action: acs, method: 'POST', fields })
}

/** A browser whose requests go over a socket. */
export function socketBrowser(url: string): Browser {
  const request = (address: string, init: RequestInit = {}) =>
    fetch(address.replace(base_url, url), { ...init, redirect: 'manual' })
  return new Browser({ request } as unknown as Hono)
}

/** Everything stored that a login may write, but for flows: rows of the project by table. */
export async function written(arena: Arena): Promise<string> {
  const { services } = await server()
  const { project_id } = arena.project
  const parts: string[] = []
  for (const table of ['members', 'sso_registrations', 'sessions', 'retired_emails'] as const) {
    const rows = await services.db
      .selectFrom(table)
      .selectAll()
      .where('project_id', '=', project_id)
      .execute()
    parts.push(...rows.map((row) => JSON.stringify(row)).toSorted())
  }
  return parts.join('\n')
}

/** The flow that a request belongs to. */
export async function flowOf(arena: Arena, request_id: string) {
  const { services } = await server()
  const row = await services.db
    .selectFrom('sso_flows')
    .selectAll()
    .where('project_id', '=', arena.project.project_id)
    .where('idp_request_id', '=', request_id)
    .executeTakeFirstOrThrow()
  return { ...row, checks: row.checks as Check[] }
}
