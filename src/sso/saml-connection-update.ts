import { z } from 'zod'
import type { Config } from '../config.ts'
import type { Context } from '../context.ts'
import { endpoint } from '../http/endpoint.ts'
import { ApiError } from '../http/errors.ts'
import { assertAssignable } from '../rbac/roles.ts'
import { changeConnection, findTarget } from './connection-change.ts'
import {
  connectionPath,
  DisplayName,
  given,
  IdentityProvider,
  readAttributeMapping,
  urlProblem,
} from './connection-input.ts'
import { SAMLConnection, toSAMLConnection } from './connection-objects.ts'
import { type ConnectionRow, callbackURL } from './connections.ts'
import { addEncryptionPair, readEncryptionKey } from './saml-connection-encryption.ts'
import {
  addSigningPair,
  addVerificationCertificates,
  newSigningPair,
  readCertificate,
  readSigningKey,
} from './saml-connection-keys.ts'

const maxAssignments = 200

const Input = z.object({
  ...connectionPath,
  display_name: DisplayName.optional(),
  identity_provider: IdentityProvider.optional(),
  idp_entity_id: z
    .string()
    .trim()
    .min(1, 'invalid_idp_entity_id')
    .max(1024, 'invalid_idp_entity_id')
    .optional(),
  idp_sso_url: z.string().trim().min(1, 'saml_connection_idp_sso_url_required').optional(),
  attribute_mapping: z.record(z.string(), z.unknown()).optional(),
  x509_certificate: z.string().optional(),
  saml_connection_implicit_role_assignments: z
    .array(z.object({ role_id: z.string() }))
    .max(maxAssignments)
    .optional(),
  saml_group_implicit_role_assignments: z
    .array(z.object({ role_id: z.string(), group: z.string().min(1).max(512) }))
    .max(maxAssignments)
    .optional(),
  alternative_audience_uri: z.string().trim().max(1024).optional(),
  alternative_acs_url: z.string().trim().optional(),
  nameid_format: z
    .string()
    .trim()
    .max(256)
    .regex(/^urn:[!-~]+$/, 'must be a NameID format of SAML, which begins with urn:')
    .optional(),
  idp_initiated_auth_disabled: z.boolean().optional(),
  allow_gateway_callback: z.boolean().optional(),
  signing_private_key: z.string().optional(),
  saml_encryption_private_key: z.string().optional(),
})
type Input = z.output<typeof Input>

/** `sso.saml.updateConnection`: writes what is given; certificates and keys are added. */
export const updateSAMLConnection = endpoint({
  method: 'PUT',
  path: '/v1/b2b/sso/saml/:organization_id/connections/:connection_id',
  summary: 'Update a SAML connection',
  permission: { resource_id: 'stytch.sso', action: 'update' },
  input: Input,
  output: z.object({ connection: SAMLConnection }),
  async run(input, context) {
    const target = { ...input, type: 'saml' as const }
    await findTarget(context, target)
    const columns = readColumns(input, context)
    const certificates =
      input.x509_certificate === undefined ? [] : [readCertificate(input.x509_certificate)]
    const pair = input.signing_private_key
      ? await newSigningPair(context, readSigningKey(input.signing_private_key))
      : undefined
    const encryption = input.saml_encryption_private_key
      ? await newSigningPair(context, readEncryptionKey(input.saml_encryption_private_key))
      : undefined
    const { row, keys } = await changeConnection(context, target, async (trx, stored) => {
      await addVerificationCertificates(context, trx, stored, certificates)
      if (pair) await addSigningPair(context, trx, stored, pair)
      if (encryption) await addEncryptionPair(context, trx, stored, encryption)
      assertGroupsMapped(input, stored.row, columns.attribute_mapping)
      const { attribute_mapping: mapping, ...others } = columns
      return {
        ...others,
        ...(mapping && { attribute_mapping: JSON.stringify(mapping) }),
        // Which binding an address takes is known from metadata alone.
        ...(others.idp_sso_url !== undefined &&
          others.idp_sso_url !== stored.row.idp_sso_url && {
            idp_sso_binding: 'redirect' as const,
          }),
      }
    })
    return { connection: toSAMLConnection(context.config, row, keys) }
  },
})

function readColumns(input: Input, { config }: Context) {
  if (input.idp_sso_url !== undefined) assertSSOURL(config, input.idp_sso_url)
  assertAlternativeACS(config, input.connection_id, input.alternative_acs_url)
  const roles = input.saml_connection_implicit_role_assignments
  const groups = input.saml_group_implicit_role_assignments
  assertAssignable([...(roles ?? []), ...(groups ?? [])].map((assignment) => assignment.role_id))
  return given({
    display_name: input.display_name,
    identity_provider: input.identity_provider,
    idp_entity_id: input.idp_entity_id,
    idp_sso_url: input.idp_sso_url,
    attribute_mapping: readSAMLMapping(input.attribute_mapping),
    alternative_audience_uri: input.alternative_audience_uri,
    alternative_acs_url: input.alternative_acs_url,
    nameid_format: input.nameid_format,
    idp_initiated_auth_disabled: input.idp_initiated_auth_disabled,
    allow_gateway_callback: input.allow_gateway_callback,
    saml_connection_implicit_role_assignments: roles && JSON.stringify(roles),
    saml_group_implicit_role_assignments: groups && JSON.stringify(groups),
  })
}

/** Throws when an address cannot be the identity provider's SSO URL. */
export function assertSSOURL(config: Config, url: string): void {
  const problem = urlProblem(config, url)
  if (problem === 'not_https') throw new ApiError('saml_connection_idp_sso_url_not_https')
  if (problem) throw new ApiError('saml_connection_idp_sso_url_invalid_format')
}

function assertAlternativeACS(config: Config, connection_id: string, url = ''): void {
  if (url !== '' && urlProblem(config, url))
    throw new ApiError('bad_request', {
      message: 'alternative_acs_url: must be an https address of at most 2,048 characters.',
    })
  // Otherwise what was made for another organization's connection could be used up at this one.
  const elsewhere = url !== callbackURL(config.base_url, connection_id)
  if (elsewhere && url.toLowerCase().includes('/v1/b2b/sso/callback/') && isOurs(config, url))
    throw new ApiError('bad_request', {
      message: 'alternative_acs_url: this is the address of another connection.',
    })
}

function isOurs({ base_url }: Config, url: string): boolean {
  return URL.parse(url)?.host === new URL(base_url).host
}

function readSAMLMapping(given: Input['attribute_mapping']) {
  const mapping = readAttributeMapping(given, 'saml_connection_no_nested_keys_in_attribute_mapping')
  if (!mapping) return undefined
  if (!mapping.email) throw new ApiError('saml_connection_email_mapping_required')
  if (!mapping.full_name && !(mapping.first_name && mapping.last_name))
    throw new ApiError('saml_connection_name_mapping_required')
  return mapping
}

/** Roles of groups need a groups key, whichever of the two this request changes. */
function assertGroupsMapped(
  input: Input,
  row: ConnectionRow,
  mapping: Record<string, string> = row.attribute_mapping,
): void {
  const assignments =
    input.saml_group_implicit_role_assignments ?? row.saml_group_implicit_role_assignments
  if (assignments.length > 0 && !mapping.groups)
    throw new ApiError('saml_connection_attribute_mapping_missing_groups_key')
}
