/** The forms about our own keys at a connection. */
import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { deleteEncryptionPrivateKey } from '../sso/saml-connection-encryption.ts'
import { updateSAMLConnection } from '../sso/saml-connection-update.ts'
import { ask, assertConfirmed, parameter } from './ask.ts'
import { certificatesPage } from './connection-certificates.ts'
import { orAgain, type Shown } from './connection-frame.ts'
import { saved } from './connection-save.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

const path = '/connections/:connection_id/certificates-own'
const trust = { method: 'POST', needs: 'editor', fresh: true } as const

export const connectionOwnKeysPages: readonly DashboardPage[] = [
  projectPage({ ...trust, path: `${path}/signing`, run: orAgain(newSigning, certificatesPage) }),
  projectPage({
    ...trust,
    path: `${path}/encryption`,
    run: orAgain(newEncryption, certificatesPage),
  }),
  projectPage({
    ...trust,
    path: `${path}/encryption/:private_key_id`,
    run: orAgain(deleteEncryption, certificatesPage),
  }),
]

async function newKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

function done(visit: ProjectVisit, shown: Shown, action: string, message: string) {
  return saved(visit, shown, { action, at: '/certificates', message })
}

async function newSigning(visit: ProjectVisit, shown: Shown): Promise<Response> {
  assertConfirmed(visit, shown.name)
  const { organization_id, connection_id } = shown.row
  const signing_private_key = await newKey()
  await ask(visit, updateSAMLConnection, { organization_id, connection_id, signing_private_key })
  const message = 'The new key signs from now on. Give the identity provider our metadata again.'
  return done(visit, shown, 'connection.signing_key_add', message)
}

async function newEncryption(visit: ProjectVisit, shown: Shown): Promise<Response> {
  const { organization_id, connection_id } = shown.row
  const saml_encryption_private_key = await newKey()
  const raw = { organization_id, connection_id, saml_encryption_private_key }
  await ask(visit, updateSAMLConnection, raw)
  const message = 'The key was made; our metadata hold its certificate.'
  return done(visit, shown, 'connection.encryption_key_add', message)
}

async function deleteEncryption(visit: ProjectVisit, shown: Shown): Promise<Response> {
  assertConfirmed(visit, shown.name)
  const { organization_id, connection_id } = shown.row
  const private_key_id = parameter(visit, 'private_key_id')
  const raw = { organization_id, connection_id, private_key_id }
  await ask(visit, deleteEncryptionPrivateKey, raw)
  return done(visit, shown, 'connection.encryption_key_delete', 'The key was deleted.')
}
