import { z } from 'zod'
import { endpoint } from '../http/endpoint.ts'
import { ApiError } from '../http/errors.ts'
import { changeConnection } from './connection-change.ts'
import { connectionPath } from './connection-input.ts'

/** `sso.saml.deleteVerificationCertificate`: an active connection keeps at least one. */
export const deleteVerificationCertificate = endpoint({
  method: 'DELETE',
  path: '/v1/b2b/sso/saml/:organization_id/connections/:connection_id/verification_certificates/:certificate_id',
  summary: "Delete one of the identity provider's certificates",
  permission: { resource_id: 'stytch.sso', action: 'update' },
  input: z.object({ ...connectionPath, certificate_id: z.string() }),
  output: z.object({ certificate_id: z.string() }),
  async run({ certificate_id, ...target }, context) {
    await changeConnection(context, { ...target, type: 'saml' }, async (trx, { row, keys }) => {
      const present = keys.filter((key) => key.purpose === 'verification')
      if (!present.some((key) => key.key_id === certificate_id))
        throw new ApiError('sso_verification_key_not_found')
      if (row.status === 'active' && present.length === 1)
        throw new ApiError('cannot_delete_last_sso_verification_key')
      await trx
        .deleteFrom('saml_keys')
        .where('project_id', '=', row.project_id)
        .where('connection_id', '=', row.connection_id)
        .where('key_id', '=', certificate_id)
        .execute()
      return {}
    })
    return { certificate_id }
  },
})
