/**
 * Every endpoint by the name of the SDK's method for it, and the compiler's proof that what it answers is
 * what that method promises. A mismatch is an error of `tsc` that names the method.
 */
import type { B2BClient } from 'stytch'
import type { z } from 'zod'
import { createMember } from '../../src/members/create.ts'
import { deleteMember, reactivateMember } from '../../src/members/delete.ts'
import { dangerouslyGetMember, getMember } from '../../src/members/get.ts'
import { searchMembers } from '../../src/members/search.ts'
import { updateMember } from '../../src/members/update.ts'
import { getOrgPolicy } from '../../src/organizations/org-policy.ts'
import {
  createOrganization,
  deleteOrganization,
  getOrganization,
  updateOrganization,
} from '../../src/organizations/organizations.ts'
import { searchOrganizations } from '../../src/organizations/search.ts'
import { whoami } from '../../src/projects/whoami.ts'
import { getPolicy } from '../../src/rbac/policy.ts'
import { authenticateSession } from '../../src/sessions/authenticate.ts'
import { getSessions } from '../../src/sessions/get.ts'
import { getJWKS } from '../../src/sessions/jwks.ts'
import { revokeSession } from '../../src/sessions/revoke.ts'
import { authenticateSSO } from '../../src/sso/authenticate.ts'
import { deleteConnection } from '../../src/sso/connection-delete.ts'
import { getConnections } from '../../src/sso/connection-list.ts'
import { createOIDCConnection } from '../../src/sso/oidc-connection-create.ts'
import { updateOIDCConnection } from '../../src/sso/oidc-connection-update.ts'
import { updateSAMLConnectionByURL } from '../../src/sso/saml-connection-by-url.ts'
import { deleteVerificationCertificate } from '../../src/sso/saml-connection-certificates.ts'
import { createSAMLConnection } from '../../src/sso/saml-connection-create.ts'
import { deleteEncryptionPrivateKey } from '../../src/sso/saml-connection-encryption.ts'
import { updateSAMLConnection } from '../../src/sso/saml-connection-update.ts'

/** In the order of `src/api.ts`, which a test compares. */
export const endpointOf = {
  'debug.whoami': whoami,
  'organizations.create': createOrganization,
  'organizations.get': getOrganization,
  'organizations.update': updateOrganization,
  'organizations.delete': deleteOrganization,
  'organizations.search': searchOrganizations,
  'organizations.members.create': createMember,
  'organizations.members.get': getMember,
  'organizations.members.dangerouslyGet': dangerouslyGetMember,
  'organizations.members.update': updateMember,
  'organizations.members.delete': deleteMember,
  'organizations.members.reactivate': reactivateMember,
  'organizations.members.search': searchMembers,
  'rbac.policy': getPolicy,
  'rbac.organizations.getOrgPolicy': getOrgPolicy,
  'sessions.get': getSessions,
  'sessions.authenticate': authenticateSession,
  'sessions.revoke': revokeSession,
  'sessions.getJWKS': getJWKS,
  'sso.authenticate': authenticateSSO,
  'sso.getConnections': getConnections,
  'sso.deleteConnection': deleteConnection,
  'sso.oidc.createConnection': createOIDCConnection,
  'sso.oidc.updateConnection': updateOIDCConnection,
  'sso.saml.createConnection': createSAMLConnection,
  'sso.saml.updateConnection': updateSAMLConnection,
  'sso.saml.updateByURL': updateSAMLConnectionByURL,
  'sso.saml.deleteVerificationCertificate': deleteVerificationCertificate,
  'sso.saml.deleteEncryptionPrivateKey': deleteEncryptionPrivateKey,
}

export type MethodId = keyof typeof endpointOf

/** What the SDK's method of this name resolves to. */
type Promised<Id extends MethodId> = Resolved<Method<B2BClient, Id>>
type Method<Namespace, Id extends string> = Id extends `${infer Head}.${infer Rest}`
  ? Method<Namespace[Head & keyof Namespace], Rest>
  : Namespace[Id & keyof Namespace]
type Resolved<Called> = Called extends (...parameters: never[]) => Promise<infer Answer>
  ? Answer
  : never

/** What the endpoint of this name answers: the envelope, and its output. */
type Answered<Id extends MethodId> = { status_code: number; request_id: string } & Wire<
  z.output<(typeof endpointOf)[Id]['output']>
>

/** What is null in an answer is absent to the SDK, so it must be optional there. */
type Wire<T> = unknown extends T
  ? T
  : T extends readonly (infer Item)[]
    ? Wire<Item>[]
    : T extends object
      ? { [K in keyof T as MayBeAbsent<T[K]> extends true ? never : K]: Wire<T[K]> } & {
          [K in keyof T as MayBeAbsent<T[K]> extends true ? K : never]?: Wire<NonNullable<T[K]>>
        }
      : T
type MayBeAbsent<T> = unknown extends T
  ? false
  : [Extract<T, null | undefined>] extends [never]
    ? false
    : true

type Mismatch = {
  [Id in MethodId]: [Promised<Id>] extends [never]
    ? Id
    : Answered<Id> extends Promised<Id>
      ? never
      : Id
}[MethodId]
type Nothing<Found extends never> = Found

export type EveryAnswerIsWhatTheSDKPromises = Nothing<Mismatch>
