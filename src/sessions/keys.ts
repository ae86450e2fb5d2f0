/**
 * The keys that sign session JWTs. All times are columns: a key signs from `signs_from` on, until the
 * next one's has come; it is published from its row's first second until an hour after that. Rotation
 * only inserts (design: local checks of the SDKs must go on through it).
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto'
import { promisify } from 'node:util'
import type { Services } from '../context.ts'
import { statement } from '../db/connect.ts'
import { environmentOf, newId } from '../db/ids.ts'

const generate = promisify(generateKeyPair)

const publishedBeforeMs = 15 * 60_000
const publishedAfterMs = 60 * 60_000

/** The first key of a project signs from here: alike in every process, so that just one can be inserted. */
const fromTheBeginning = new Date(0)

/** What these functions need; a command has no more. */
type KeyServices = Pick<Services, 'db' | 'cipher' | 'caches' | 'now'>

export interface SigningKey {
  key_id: string
  /** `kty`, `n` and `e`. */
  public_jwk: Readonly<Record<string, string>>
  public_key: KeyObject
  private_key: KeyObject
  signs_from: Date
}

interface SigningKeyRow {
  key_id: string
  public_jwk: Record<string, string>
  private_key: Buffer
  signs_from: Date
}

/**
 * Every key of a project, oldest first, at least one: the first is made when it is first asked for. Keys
 * that are not published any more are among them: they still verify JWTs that come back here, because a
 * browser may return days after its JWT has expired while its session lives on.
 */
export async function signingKeys(
  services: KeyServices,
  project_id: string,
): Promise<readonly SigningKey[]> {
  return services.caches.get('keys', project_id, async () => {
    let rows = await loadKeys(services, project_id)
    if (rows.length === 0) {
      await insertKey(services, project_id, fromTheBeginning)
      rows = await loadKeys(services, project_id)
    }
    return rows.map((row) => toSigningKey(services, row))
  })
}

/** Makes the first signing key of a project where there is none; of two processes at once, one wins. */
export async function ensureSigningKey(services: KeyServices, project_id: string): Promise<void> {
  await signingKeys(services, project_id)
}

/** The key that signs now: of those whose time has come, the latest. */
export function currentSigningKey(keys: readonly SigningKey[], now: Date): SigningKey {
  return keys.findLast((key) => key.signs_from <= now) ?? keys[0]!
}

/** The keys that the JWKS shows now: the one that signs, those to come, and those superseded within the hour. */
export function publishedKeys(keys: readonly SigningKey[], now: Date): SigningKey[] {
  return keys.filter((_, index) => {
    const successor = keys[index + 1]
    return !successor || successor.signs_from.getTime() + publishedAfterMs >= now.getTime()
  })
}

/**
 * Adds a key that signs in 15 minutes: until then every client has seen it, and the present one goes on.
 * Returns its id and the moment it begins.
 */
export async function rotateSigningKey(
  services: KeyServices,
  project_id: string,
): Promise<{ key_id: string; signs_from: Date }> {
  await ensureSigningKey(services, project_id)
  const signs_from = new Date(services.now().getTime() + publishedBeforeMs)
  await insertKey(services, project_id, signs_from)
  services.caches.drop('keys', project_id)
  const keys = await signingKeys(services, project_id)
  const key = keys.findLast((each) => each.signs_from.getTime() === signs_from.getTime())
  return { key_id: key!.key_id, signs_from }
}

async function insertKey(
  services: KeyServices,
  project_id: string,
  signs_from: Date,
): Promise<void> {
  const key_id = newId('jwk', environmentOf(project_id))
  const pair = await generate('rsa', { modulusLength: 2048 })
  const { kty, n, e } = pair.publicKey.export({ format: 'jwk' })
  const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  await statement(
    services.db,
    `insert into signing_keys (project_id, key_id, public_jwk, private_key, signs_from)
      values ($1, $2, $3, $4, $5) on conflict on constraint signing_keys_signs_from do nothing`,
    [
      project_id,
      key_id,
      JSON.stringify({ kty, n, e }),
      services.cipher.encrypt(pem, placeOf(key_id)),
      signs_from,
    ],
  )
}

async function loadKeys(services: KeyServices, project_id: string): Promise<SigningKeyRow[]> {
  return statement<SigningKeyRow>(
    services.db,
    `select key_id, public_jwk, private_key, signs_from from signing_keys
      where project_id = $1 order by signs_from`,
    [project_id],
  )
}

function toSigningKey(services: KeyServices, row: SigningKeyRow): SigningKey {
  return {
    ...row,
    public_key: createPublicKey({ key: row.public_jwk as JsonWebKey, format: 'jwk' }),
    private_key: createPrivateKey(services.cipher.decrypt(row.private_key, placeOf(row.key_id))),
  }
}

function placeOf(key_id: string) {
  return { table: 'signing_keys', column: 'private_key', row: key_id }
}
