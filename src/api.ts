/** The table of contents: every endpoint of the API, in the order of the SDK's namespaces. */
import type { Endpoint } from './http/endpoint.ts'
import { createMember } from './members/create.ts'
import { deleteMember, reactivateMember } from './members/delete.ts'
import { dangerouslyGetMember, getMember } from './members/get.ts'
import { searchMembers } from './members/search.ts'
import { updateMember } from './members/update.ts'
import { getOrgPolicy } from './organizations/org-policy.ts'
import {
  createOrganization,
  deleteOrganization,
  getOrganization,
  updateOrganization,
} from './organizations/organizations.ts'
import { searchOrganizations } from './organizations/search.ts'
import { whoami } from './projects/whoami.ts'
import { getPolicy } from './rbac/policy.ts'
import { authenticateSession } from './sessions/authenticate.ts'
import { getSessions } from './sessions/get.ts'
import { getJWKS } from './sessions/jwks.ts'
import { revokeSession } from './sessions/revoke.ts'
import { authenticateSSO } from './sso/authenticate.ts'
import { deleteConnection } from './sso/connection-delete.ts'
import { getConnections } from './sso/connection-list.ts'
import { createOIDCConnection } from './sso/oidc-connection-create.ts'
import { updateOIDCConnection } from './sso/oidc-connection-update.ts'
import { updateSAMLConnectionByURL } from './sso/saml-connection-by-url.ts'
import { deleteVerificationCertificate } from './sso/saml-connection-certificates.ts'
import { createSAMLConnection } from './sso/saml-connection-create.ts'
import { deleteEncryptionPrivateKey } from './sso/saml-connection-encryption.ts'
import { updateSAMLConnection } from './sso/saml-connection-update.ts'

export const api: readonly Endpoint[] = [
  whoami,
  createOrganization,
  getOrganization,
  updateOrganization,
  deleteOrganization,
  searchOrganizations,
  createMember,
  getMember,
  dangerouslyGetMember,
  updateMember,
  deleteMember,
  reactivateMember,
  searchMembers,
  getPolicy,
  getOrgPolicy,
  getSessions,
  authenticateSession,
  revokeSession,
  getJWKS,
  authenticateSSO,
  getConnections,
  deleteConnection,
  createOIDCConnection,
  updateOIDCConnection,
  createSAMLConnection,
  updateSAMLConnection,
  updateSAMLConnectionByURL,
  deleteVerificationCertificate,
  deleteEncryptionPrivateKey,
]
