/** For tests: an identity provider whose metadata can be set, and a connection that was set up from them. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Hono } from 'hono'
import { inProcess, server } from '../../tests/harness.ts'
import type { Services } from '../context.ts'
import { create, mapping, newTenant, sso, update } from './connection.test-kit.ts'
import { connectionRow, keysOf } from './connections.ts'

export interface Said {
  certificates: readonly string[]
  location?: string
  binding?: string
  entity_id?: string
  attributes?: string
}

/** Metadata of an identity provider. */
export function metadataXML({ certificates, ...said }: Said): string {
  const { location = 'https://idp.example.com/sso', binding = 'HTTP-Redirect' } = said
  const { entity_id = 'https://idp.example.com', attributes = '' } = said
  const keys = certificates.map(
    (pem) =>
      `<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>${pem.replace(/-+[A-Z ]+-+|\s/g, '')}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>`,
  )
  return `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${entity_id}"${attributes}><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${keys.join('')}<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:${binding}" Location="${location}"/></IDPSSODescriptor></EntityDescriptor>`
}

/**
 * An active connection whose identity provider says what `say` was told last; set to `automatic`, unless its
 * default is asked for.
 */
export async function newMetadataConnection(
  said: Said,
  mode: 'automatic' | 'default' = 'automatic',
) {
  const owner = await newTenant()
  const origin = `https://metadata-${randomBytes(6).toString('hex')}.example`
  const served = { status: 200, body: metadataXML(said), requests: 0 }
  const app = new Hono()
  app.get('/metadata', () => {
    served.requests += 1
    return new Response(served.body, { status: served.status })
  })
  inProcess.set(origin, app)
  const { connection_id } = await create(owner, 'saml', { display_name: 'Acme' })
  await update(owner, { connection_id }, { attribute_mapping: mapping })
  const path = `saml/{}/connections/${connection_id}/url`
  const { status } = await sso(owner, 'PUT', path, { metadata_url: `${origin}/metadata` })
  assert.equal(status, 200)
  const { services } = await server()
  const { project_id } = owner.project
  if (mode === 'automatic')
    await services.db
      .updateTable('sso_connections')
      .set({ metadata_refresh: mode })
      .where('connection_id', '=', connection_id)
      .execute()
  return {
    owner,
    project_id,
    connection_id,
    served,
    say(next: Said) {
      Object.assign(served, { status: 200, body: metadataXML(next) })
    },
    /** The connection as it is stored, with the PEM of its verification certificates. */
    async stored() {
      const row = (await connectionRow(services.db, project_id, connection_id))!
      const keys = (await keysOf(services.db, [row])).filter(
        (key) => key.purpose === 'verification',
      )
      return { ...row, certificates: keys.map((key) => key.certificate) }
    },
    async events() {
      const rows = await services.db
        .selectFrom('events')
        .select(['event_type', 'data'])
        .where('project_id', '=', project_id)
        .where('event_type', '=', 'metadata.changed')
        .orderBy('event_id')
        .execute()
      return rows.map((row) => row.data as Record<string, unknown>)
    },
    async audit() {
      const rows = await services.db
        .selectFrom('audit_entries')
        .select(['action', 'actor_type', 'target_id', 'before', 'after'])
        .where('project_id', '=', project_id)
        .where('organization_id', '=', owner.organization.organization_id)
        .where('action', 'like', 'connection.metadata%')
        .orderBy('audit_id')
        .execute()
      return rows.map(({ action, actor_type }) => `${actor_type} ${action}`)
    },
  }
}

/** The services of this run with a clock that is so many hours ahead. */
export async function later(hours: number): Promise<Services> {
  const { services } = await server()
  return { ...services, now: () => new Date(Date.now() + hours * 3_600_000) }
}
