/** The forms about a connection. */
import { IDP } from '../src/saml/signing.test-kit.ts'
import { newCertificate } from '../src/sso/connection.test-kit.ts'
import { metadataXML } from '../src/sso/metadata-refresh.test-kit.ts'
import { refreshNow } from '../src/sso/metadata-refresh.ts'
import { certificate, formats, mapping, otherCertificate } from '../src/sso/saml-idp.test-kit.ts'
import type { Estate } from './dashboard-estate.ts'
import {
  danger,
  type Fill,
  type Filled,
  fieldIn,
  formOf,
  typed,
  type Writer,
} from './dashboard-filled.ts'
import { server } from './harness.ts'
import { testIdP } from './login.ts'

const connection = '/connections/:connection_id'
const settings = `${connection}/settings`
const metadata = `${connection}/metadata`
const own = `${connection}/certificates-own`
const fix = '/logins/:flow_id/fixes/:fix_id'

/** What the form of the metadata that wait names, after the identity provider said something else. */
function waiting(entity_id: string, action: string): Fill {
  return async ({ tenant, ids, say }: Estate, { token }: Writer) => {
    say(entity_id)
    await refreshNow((await server()).services, tenant.project.project_id, ids.connection_id!)
    const page = `/dashboard/projects/${ids.project_slug}/connections/${ids.connection_id}`
    const form = await formOf(token, `${page}/certificates`, `${page}/metadata/${action}`)
    return { fields: { pending_id: fieldIn(form, 'pending_id') } }
  }
}

/** Says something and fills in the same fields always. */
function saying(entity_id: string, fill: (estate: Estate) => Filled): Fill {
  return (estate) => {
    estate.say(entity_id)
    return fill(estate)
  }
}

/** Takes the certificate away again that the fix before has added. */
async function fixAgain({ ids }: Estate): Promise<Filled> {
  const { services } = await server()
  await services.db
    .deleteFrom('saml_keys')
    .where('connection_id', '=', ids.connection_id!)
    .where('certificate', '=', otherCertificate)
    .execute()
  services.caches.drop('connection', ids.connection_id!)
  return { fields: { compared: 'on' } }
}

/** Another client at the same issuer. */
async function replaceClient({ ids, tag }: Estate): Promise<Filled> {
  const { issuer } = (await testIdP()).oidc
  const fields = {
    issuer,
    client_id: 'another',
    client_secret: `client-secret-${tag}`,
    authorization_url: `${issuer}/authorize`,
    token_url: `${issuer}/token`,
    userinfo_url: `${issuer}/userinfo`,
    jwks_url: `${issuer}/jwks`,
  }
  return { ids: { connection_id: ids.oidc! }, fields }
}

const trust: [string, Fill][] = [
  [
    `POST ${connection}/certificates`,
    async () => ({ fields: { x509_certificate: await newCertificate() } }),
  ],
  [
    `POST ${connection}/certificates/:certificate_id`,
    danger(
      `${connection}/certificates/:certificate_id`,
      `${connection}/certificates/:certificate_id`,
    ),
  ],
  [
    `POST ${connection}/test/fix`,
    ({ ids }) => ({ fields: { flow_id: ids.flow_id!, fix_id: ids.fix_id!, confirmed: 'on' } }),
  ],
  [`POST ${fix}`, fixAgain],
  [
    `POST ${settings}/metadata-url`,
    saying(IDP, ({ metadata_url }) => ({ fields: { metadata_url } })),
  ],
  [
    `POST ${settings}/metadata-xml`,
    typed({ metadata_xml: metadataXML({ certificates: [certificate], entity_id: IDP }) }),
  ],
  [`POST ${settings}/idp`, typed({ idp_entity_id: IDP, idp_sso_url: 'https://idp.example/other' })],
  [`POST ${settings}/idp`, replaceClient],
  [
    `POST ${settings}/metadata-url`,
    saying(IDP, ({ metadata_url }) => ({ fields: { metadata_url } })),
  ],
  [`POST ${metadata}/mode`, typed({ metadata_refresh: 'off' })],
  [`POST ${metadata}/refresh`, saying('urn:another', () => ({ fields: {} }))],
  [`POST ${metadata}/approve`, waiting('urn:another', 'approve')],
  [`POST ${metadata}/reject`, waiting('urn:third', 'reject')],
  [`POST ${own}/signing`, danger(`${connection}/certificates`, `${own}/signing`)],
  [`POST ${own}/encryption`, typed()],
  [
    `POST ${own}/encryption/:private_key_id`,
    danger(`${connection}/certificates`, `${own}/encryption/:private_key_id`),
  ],
]

export const connectionForms: [string, Fill][] = [
  [
    'POST /connections/new',
    ({ ids }) => ({
      fields: { organization_id: ids.organization_id!, provider: 'okta oidc', display_name: 'New' },
    }),
  ],
  [
    `POST ${settings}`,
    typed({
      display_name: 'Renamed',
      identity_provider: 'okta',
      nameid_format: formats.email,
      idp_initiated: 'on',
    }),
  ],
  ...trust,
  [
    `POST ${connection}/mapping`,
    typed({ ...mapping, groups: 'groups', more: 'department = Department' }),
  ],
  [
    `POST ${connection}/mapping/roles`,
    typed({ connection_role: ['stytch_admin'], new_group: 'it', new_role: 'stytch_admin' }),
  ],
  [`POST ${connection}/test`, typed()],
  [`POST ${connection}/test/debug`, typed({ hours: '1' })],
  [`POST ${connection}/deactivate`, danger(`${connection}/danger`, `${connection}/deactivate`)],
  [`POST ${connection}/activate`, typed()],
]
