/** Writes `openapi.json` from the list of endpoints; with `--check` says whether it is up to date. */
import packageJSON from '../package.json' with { type: 'json' }
import { api } from '../src/api.ts'
import { buildOpenAPI } from '../src/http/openapi.ts'
import { Member } from '../src/members/member.ts'
import { Organization } from '../src/organizations/organization.ts'
import { MemberSession } from '../src/sessions/session.ts'
import { OIDCConnection, SAMLConnection } from '../src/sso/connection-objects.ts'
import { contractOf } from '../tests/contract/contract.ts'
import { writeGenerated } from './generated.ts'

const document = buildOpenAPI(api, {
  version: packageJSON.version,
  operationId: (endpoint) => contractOf(endpoint).id,
  components: { Organization, Member, MemberSession, SAMLConnection, OIDCConnection },
})
await writeGenerated(
  'openapi.json',
  `${JSON.stringify(document, null, 2)}\n`,
  'node scripts/openapi.ts',
)
