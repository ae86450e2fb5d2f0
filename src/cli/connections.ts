import { setConnectionOptions } from '../sso/connection-options.ts'
import { auditCommand } from './audit.ts'
import { type Command, UsageError, type Values } from './command.ts'
import { withDatabase } from './database.ts'

const maxSHA1Days = 180
const dayMs = 86_400_000

/** `portcullis connection set`: what the API cannot allow a SAML connection. */
export const setConnection: Command = {
  name: 'connection set',
  summary: 'Allow a SAML connection what is off by default',
  usage: 'CONNECTION_ID [--allow-aes-cbc on|off] [--allow-sha1-until YYYY-MM-DD|off]',
  options: { 'allow-aes-cbc': { type: 'string' }, 'allow-sha1-until': { type: 'string' } },
  help: `--allow-aes-cbc     decrypt assertions that are encrypted with AES-CBC although the Response around them is
                    not signed. Who sees such a message can then try to decrypt it by asking this server
                    again and again (a padding oracle); it stops after 50 failures in 10 minutes. Better:
                    have the identity provider encrypt with AES-GCM, or sign the Response too.
--allow-sha1-until  accept signatures with RSA-SHA1 and SHA-1 digests until that day begins (00:00 UTC), at
                    most ${maxSHA1Days} days from now. Two messages with one SHA-1 hash can be made, so a signature
                    over one of them may be moved to the other. Each such login is logged as a warning.
                    Better: set the identity provider to RSA-SHA256 and SHA-256.`,
  run: (values, [connection_id]) =>
    withDatabase(async ({ db }) => {
      if (!connection_id) throw new UsageError('Which connection? Give its connection_id.')
      const set = await setConnectionOptions(db, connection_id, readOptions(values))
      const { project_id, organization_id, ...after } = set
      await auditCommand(db, {
        project_id,
        organization_id,
        action: 'connection.permit',
        target_type: 'saml_connection',
        target_id: connection_id,
        after,
      })
      return set
    }),
}

function readOptions({ 'allow-aes-cbc': cbc, 'allow-sha1-until': sha1 }: Values) {
  if (cbc === undefined && sha1 === undefined)
    throw new UsageError(
      'What shall be set? --allow-aes-cbc is on or off, --allow-sha1-until a day or off.',
    )
  if (cbc !== undefined && cbc !== 'on' && cbc !== 'off')
    throw new UsageError('--allow-aes-cbc is on or off.')
  return {
    ...(cbc !== undefined && { allow_aes_cbc: cbc === 'on' }),
    ...(sha1 !== undefined && { allow_sha1_until: readEnd(String(sha1), Date.now()) }),
  }
}

/** The moment at which a day begins (UTC), or null for `off`. */
function readEnd(text: string, now: number): Date | null {
  if (text === 'off') return null
  const end = new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : Number.NaN)
  // a day that does not exist, such as February 30, is read as one of the next month
  if (Number.isNaN(end.getTime()) || !end.toISOString().startsWith(text))
    throw new UsageError('--allow-sha1-until is a day as YYYY-MM-DD, or off.')
  if (end.getTime() <= now)
    throw new UsageError('--allow-sha1-until must be a day that has not begun yet (UTC).')
  if (end.getTime() > now + maxSHA1Days * dayMs)
    throw new UsageError(`--allow-sha1-until may be at most ${maxSHA1Days} days ahead.`)
  return end
}
