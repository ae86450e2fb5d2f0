import { z } from 'zod'
import type { Context } from '../context.ts'
import { endpoint } from '../http/endpoint.ts'
import { ApiError, type ErrorType } from '../http/errors.ts'
import { OIDCError } from '../oidc/checks.ts'
import { type Discovery, discover, validateIssuer } from '../oidc/discovery.ts'
import type { Fetch } from '../oidc/settings.ts'
import { type ConnectionUpdate, changeConnection, findTarget } from './connection-change.ts'
import {
  connectionPath,
  DisplayName,
  given,
  IdentityProvider,
  readAttributeMapping,
  urlProblem,
} from './connection-input.ts'
import { OIDCConnection, toOIDCConnection } from './connection-objects.ts'
import { type ConnectionRow, clientSecretPlace } from './connections.ts'

const urls = ['authorization_url', 'token_url', 'userinfo_url', 'jwks_url'] as const

function required(error_type: ErrorType) {
  return z.string().trim().min(1, error_type).optional()
}

const Input = z.object({
  ...connectionPath,
  display_name: DisplayName.optional(),
  identity_provider: IdentityProvider.optional(),
  client_id: z.string().trim().min(1, 'oidc_connection_client_id_required').max(1024).optional(),
  client_secret: z.string().max(2048, 'client_secret_too_long').optional(),
  issuer: required('oidc_connection_issuer_required'),
  authorization_url: required('oidc_connection_authorization_url_required'),
  token_url: required('oidc_connection_token_url_required'),
  userinfo_url: z.string().trim().optional(),
  jwks_url: required('oidc_connection_jwks_url_required'),
  custom_scopes: z
    .string()
    .trim()
    .max(1024)
    .regex(/^[!#-[\]-~ ]*$/, 'must be scopes separated by spaces')
    .optional(),
  attribute_mapping: z.record(z.string(), z.unknown()).optional(),
})
type Input = z.output<typeof Input>

/**
 * `sso.oidc.updateConnection`: writes what is given. A new issuer is asked for its addresses; those in
 * the request win over what it says. When it does not answer, the rest is saved and `warning` says why.
 */
export const updateOIDCConnection = endpoint({
  method: 'PUT',
  path: '/v1/b2b/sso/oidc/:organization_id/connections/:connection_id',
  summary: 'Update an OIDC connection',
  permission: { resource_id: 'stytch.sso', action: 'update' },
  input: Input,
  output: z.object({ connection: OIDCConnection, warning: z.string().nullable() }),
  async run(input, context) {
    const target = { ...input, type: 'oidc' as const }
    const found = await findTarget(context, target)
    const columns = readColumns(input, context)
    const { discovery, warning } = await discoverIfNew(context, input, found.row)
    const { row } = await changeConnection(context, target, async (_trx, stored) => ({
      ...columns,
      ...addresses(input, stored.row, discovery),
    }))
    return {
      connection: toOIDCConnection(context.config, row),
      warning: warning ?? missingUserinfo(row, discovery),
    }
  },
})

function missingUserinfo(row: ConnectionRow, discovery: Discovery | null): string | null {
  if (!discovery || row.userinfo_url !== '') return null
  return 'The provider names no userinfo endpoint: the connection stays pending until userinfo_url is given.'
}

function readColumns(input: Input, context: Context): ConnectionUpdate {
  const mapping = readAttributeMapping(input.attribute_mapping, 'bad_request')
  for (const name of urls) {
    const url = input[name]
    if (url !== undefined && urlProblem(context.config, url))
      throw new ApiError(`oidc_connection_${name}_invalid_format`)
  }
  return given({
    display_name: input.display_name,
    identity_provider: input.identity_provider,
    client_id: input.client_id,
    client_secret: input.client_secret
      ? context.cipher.encrypt(input.client_secret, clientSecretPlace(input.connection_id))
      : undefined,
    custom_scopes: input.custom_scopes,
    attribute_mapping: mapping && JSON.stringify(mapping),
  })
}

interface Discovered {
  discovery: Discovery | null
  warning: string | null
}

/** Asks an issuer that is new, or whose addresses are not all known, for its metadata. */
async function discoverIfNew(
  context: Context,
  { issuer }: Input,
  row: ConnectionRow,
): Promise<Discovered> {
  if (issuer === undefined) return { discovery: null, warning: null }
  assertIssuer(context, issuer)
  if (issuer === row.issuer && urls.every((name) => row[name] !== ''))
    return { discovery: null, warning: null }
  try {
    const discovery = await discover({ issuer, fetch: context.fetch as Fetch })
    const unusable = urls.find(
      (name) => discovery[name] !== '' && urlProblem(context.config, discovery[name]),
    )
    if (unusable)
      return { discovery: null, warning: `Discovery failed: ${unusable} is not an https address.` }
    return { discovery, warning: null }
  } catch (error) {
    if (!(error instanceof OIDCError)) throw error
    if (error.error_type !== 'oidc_discovery_failed')
      throw new ApiError(error.error_type, { message: error.message, cause: error })
    return { discovery: null, warning: error.message }
  }
}

function assertIssuer(context: Context, issuer: string): void {
  try {
    validateIssuer(issuer)
  } catch (error) {
    if (!(error instanceof OIDCError)) throw error
    throw new ApiError('oidc_connection_issuer_url_invalid_format', {
      message: error.message,
      cause: error,
    })
  }
  if (urlProblem(context.config, issuer))
    throw new ApiError('oidc_connection_issuer_url_invalid_format', {
      message: 'The issuer must be an https URL, for example https://idp.example.com.',
    })
}

/**
 * Issuer and addresses as they will stand. Addresses of another issuer never stay: its token endpoint
 * would be sent the new client's secret, and its keys would speak for the new issuer.
 */
function addresses(input: Input, row: ConnectionRow, discovery: Discovery | null) {
  const changed = input.issuer !== undefined && input.issuer !== row.issuer
  const known = (name: (typeof urls)[number]): string => {
    const stored = changed && row.issuer !== '' ? '' : row[name]
    const found = discovery?.[name] ?? ''
    return input[name] ?? ((changed ? found : stored) || stored || found)
  }
  return {
    issuer: input.issuer ?? row.issuer,
    authorization_url: known('authorization_url'),
    token_url: known('token_url'),
    userinfo_url: known('userinfo_url'),
    jwks_url: known('jwks_url'),
    ...(discovery && { provider: JSON.stringify(discovery.provider) }),
    ...(changed && !discovery && { provider: '{}' }),
  }
}
