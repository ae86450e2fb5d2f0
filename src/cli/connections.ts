import { setConnectionOptions } from '../sso/connection-options.ts'
import { type Command, UsageError } from './command.ts'
import { withDatabase } from './database.ts'

/** `portcullis connection set`: what the API cannot allow a SAML connection. */
export const setConnection: Command = {
  name: 'connection set',
  summary: 'Allow a SAML connection what is off by default',
  usage: 'CONNECTION_ID --allow-aes-cbc on|off',
  options: { 'allow-aes-cbc': { type: 'string' } },
  help: `--allow-aes-cbc  decrypt assertions that are encrypted with AES-CBC although the Response around them is not
                 signed. Who sees such a message can then try to decrypt it by asking this server again
                 and again (a padding oracle); it stops after 50 failures in 10 minutes. Better: have the
                 identity provider encrypt with AES-GCM, or sign the Response too.`,
  run: (values, [connection_id]) =>
    withDatabase(({ db }) => {
      const allow = values['allow-aes-cbc']
      if (!connection_id) throw new UsageError('Which connection? Give its connection_id.')
      if (allow !== 'on' && allow !== 'off') throw new UsageError('--allow-aes-cbc is on or off.')
      return setConnectionOptions(db, connection_id, { allow_aes_cbc: allow === 'on' })
    }),
}
