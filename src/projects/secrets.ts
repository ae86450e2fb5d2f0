import { type Database, statement, transaction } from '../db/connect.ts'
import { environmentOf, newId } from '../db/ids.ts'
import { hashToken, newToken } from '../db/secrets.ts'
import { ApiError } from '../http/errors.ts'

/**
 * Makes a secret of a project. The clear text (`secret-test-...`, 256 random bits) is returned once and
 * stored as its SHA-256. Several may be active, so that one can be replaced without an outage.
 */
export async function createSecret(
  db: Database,
  input: { project_id: string; secret?: string; expires_at?: Date },
): Promise<{ secret_id: string; secret: string; last_four: string }> {
  const environment = environmentOf(input.project_id)
  const secret = input.secret ?? `secret-${environment}-${newToken()}`
  const secret_id = newId('secret-id', environment)
  const last_four = secret.slice(-4)
  await db
    .insertInto('project_secrets')
    .values({
      project_id: input.project_id,
      secret_id,
      secret_hash: hashToken(secret),
      last_four,
      expires_at: input.expires_at ?? null,
    })
    .execute()
  return { secret_id, secret, last_four }
}

/**
 * Makes a secret to take another one's place; the old one is valid until `old_expires_at`, or until the
 * earlier end that it had. Throws `secret_not_found`, also for one that has expired by `now`.
 */
export async function rotateSecret(
  db: Database,
  input: { project_id: string; secret_id: string; old_expires_at: Date; now: Date },
): Promise<{ secret_id: string; secret: string; last_four: string; old_expires_at: Date }> {
  const { project_id, secret_id, old_expires_at, now } = input
  return transaction(db, async (trx) => {
    const [old] = await statement<{ expires_at: Date }>(
      trx,
      `update project_secrets set expires_at = least(expires_at, $3)
        where project_id = $1 and secret_id = $2 and (expires_at is null or expires_at > $4)
        returning expires_at`,
      [project_id, secret_id, old_expires_at, now],
    )
    if (!old) throw new ApiError('secret_not_found')
    return { ...(await createSecret(trx, { project_id })), old_expires_at: old.expires_at }
  })
}

/** Revokes a secret: every process refuses it within a second. Returns whether it was there. */
export async function revokeSecret(
  db: Database,
  input: { project_id: string; secret_id: string },
): Promise<boolean> {
  const result = await db
    .deleteFrom('project_secrets')
    .where('project_id', '=', input.project_id)
    .where('secret_id', '=', input.secret_id)
    .executeTakeFirst()
  return result.numDeletedRows > 0n
}

/** The secrets of a project without their text. */
export async function listSecrets(db: Database, project_id: string) {
  return db
    .selectFrom('project_secrets')
    .select(['secret_id', 'last_four', 'created_at', 'expires_at', 'last_used_at'])
    .where('project_id', '=', project_id)
    .orderBy('created_at')
    .execute()
}

/** Makes a public token: it names a project in a browser and is no secret. */
export async function createPublicToken(
  db: Database,
  input: { project_id: string; public_token?: string },
): Promise<{ public_token: string }> {
  const public_token = input.public_token ?? newId('public-token', environmentOf(input.project_id))
  await db
    .insertInto('public_tokens')
    .values({ project_id: input.project_id, public_token })
    .execute()
  return { public_token }
}

/** The public tokens of a project, oldest first. */
export async function listPublicTokens(db: Database, project_id: string) {
  return db
    .selectFrom('public_tokens')
    .select(['public_token', 'created_at'])
    .where('project_id', '=', project_id)
    .orderBy('created_at')
    .orderBy('public_token')
    .execute()
}

/**
 * Removes a public token: no login starts with it any more. Throws `public_token_not_found`, and
 * `bad_request` for the only one, without which nobody could log in.
 */
export async function deletePublicToken(
  db: Database,
  input: { project_id: string; public_token: string },
): Promise<void> {
  await transaction(db, async (trx) => {
    const tokens = await statement<{ public_token: string }>(
      trx,
      'select public_token from public_tokens where project_id = $1 for update',
      [input.project_id],
    )
    if (!tokens.some(({ public_token }) => public_token === input.public_token))
      throw new ApiError('public_token_not_found')
    if (tokens.length === 1)
      throw new ApiError('bad_request', {
        message:
          'This is the only public token: without one nobody can log in. Create another one first.',
      })
    await trx
      .deleteFrom('public_tokens')
      .where('project_id', '=', input.project_id)
      .where('public_token', '=', input.public_token)
      .execute()
  })
}

/** Writes when secrets were last used; many at once, so that no request waits for it. */
export async function recordSecretUse(
  db: Database,
  used: ReadonlyMap<string, { project_id: string; last_used_at: Date }>,
): Promise<void> {
  for (const [secret_id, { project_id, last_used_at }] of used)
    await db
      .updateTable('project_secrets')
      .set({ last_used_at })
      .where('project_id', '=', project_id)
      .where('secret_id', '=', secret_id)
      .execute()
}
