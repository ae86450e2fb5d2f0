/** What the vendor's developers have set for an organization, and the person who does not fit. */

import { enter, organizationCall } from '../../src/sso/login.test-kit.ts'
import { type Answer, connectIdP, formats, respond } from '../../src/sso/saml-idp.test-kit.ts'
import { call } from '../harness.ts'
import { Browser, newSetup, type Setup } from '../login.ts'
import { assertExplained, type Case, type Names, type Told } from './explain.ts'

interface Mistake {
  name: string
  organization?: Record<string, unknown>
  /** Done before the login; returns further names. */
  before?: (setup: Setup, saml: string) => Promise<Names | undefined>
  answer?: Answer
  told: Told
}

const developer = 'developer' as const
const jit = {
  error_type: 'invalid_connection_for_jit_provisioning',
  check: 'jit_provisioning',
  who: developer,
}
const names = { firstName: 'Ada', lastName: 'Lovelace' }
const person = (email: string, name_id = email): Answer => ({
  name_id,
  attributes: { ...names, email },
})

async function restrict(setup: Setup, connection: string): Promise<undefined> {
  await organizationCall(setup, 'PUT', '', {
    sso_jit_provisioning: 'RESTRICTED',
    sso_jit_provisioning_allowed_connections: [connection],
  })
}

async function invite(setup: Setup, email_address: string): Promise<Names> {
  const { member_id } = await organizationCall(setup, 'POST', '/members', { email_address })
  return { member: member_id }
}

async function deleteMember(setup: Setup, saml: string): Promise<Names> {
  const { member_id } = await enter(setup, saml)
  await organizationCall(setup, 'DELETE', `/members/${member_id}`)
  return { member: member_id }
}

async function claimDomain(setup: Setup): Promise<undefined> {
  await call(setup.project, 'POST', '/v1/b2b/organizations', {
    organization_name: 'Other',
    organization_slug: 'other',
    email_allowed_domains: ['acme.test'],
    claimed_email_domains: ['acme.test'],
  })
}

const mistakes: readonly Mistake[] = [
  {
    name: 'the organization makes no members at login, and nobody has invited the person',
    organization: { sso_jit_provisioning: 'NOT_ALLOWED', email_invites: 'ALL_ALLOWED' },
    told: {
      ...jit,
      expected: 'a member ada@acme.test',
      actual: 'sso_jit_provisioning NOT_ALLOWED',
      what: /Create or invite the member first/,
    },
  },
  {
    name: 'the organization lets listed connections make members, and this one is not listed',
    before: async (setup) => {
      await restrict(setup, setup.saml)
      return { listed: setup.saml }
    },
    told: {
      ...jit,
      expected: 'sso_jit_provisioning_allowed_connections: {listed}',
      actual: '{connection}',
      what: 'Add {connection} to sso_jit_provisioning_allowed_connections',
    },
  },
  {
    name: 'the domain of the address is not allowed',
    organization: { email_allowed_domains: ['acme.test'] },
    before: restrict,
    answer: person('ada@acme-labs.test'),
    told: {
      ...jit,
      error_type: 'invalid_email_for_jit_provisioning',
      expected: 'email_allowed_domains: acme.test',
      actual: 'acme-labs.test, of ada@acme-labs.test',
      what: /Add acme-labs\.test to email_allowed_domains/,
    },
  },
  {
    name: 'the member was deleted',
    before: deleteMember,
    told: {
      ...jit,
      error_type: 'action_available_only_for_active_members',
      check: 'member',
      expected: 'ada@acme.test that was not deleted',
      actual: '{member}, a deleted member',
      what: /Reactivate the member/,
    },
  },
  {
    name: 'the organization allows passwords alone',
    organization: { auth_methods: 'RESTRICTED', allowed_auth_methods: ['password'] },
    told: {
      ...jit,
      error_type: 'operation_restricted_by_organization_auth_methods',
      check: 'auth_method',
      expected: 'sso among allowed_auth_methods',
      actual: 'password',
      what: /Add sso to allowed_auth_methods/,
    },
  },
  {
    name: 'the identity provider sends another identifier for a person who was here',
    before: async (setup, saml) => {
      await enter(setup, saml, person('ada@acme.test', 'ada@acme.test'))
      return undefined
    },
    answer: { ...person('ada@acme.test', '8f2c1d'), format: formats.persistent },
    told: {
      error_type: 'duplicate_member_email',
      check: 'member',
      who: 'it_admin',
      expected: 'registered for ada@acme.test: ada@acme.test',
      actual: 'with this address: 8f2c1d',
      what: /another NameID format or attribute/,
    },
  },
  {
    name: 'a member of another connection logs in with an address of a foreign domain',
    organization: { email_allowed_domains: ['acme.test'] },
    before: async (setup) => {
      await organizationCall(setup, 'PUT', '', { email_allowed_domains: [] })
      const other = await connectIdP(setup.project, setup.organization_id)
      await enter(setup, other, person('ada@partner.test'))
      await organizationCall(setup, 'PUT', '', { email_allowed_domains: ['acme.test'] })
      return undefined
    },
    answer: person('ada@partner.test', 'other'),
    told: {
      ...jit,
      error_type: 'invalid_email_for_jit_provisioning',
      check: 'member',
      expected: 'an address of acme.test',
      actual: 'ada@partner.test',
      what: /Add partner\.test to email_allowed_domains/,
    },
  },
  {
    name: 'another organization has claimed the domain',
    before: claimDomain,
    told: {
      ...jit,
      error_type: 'action_not_allowed_email_domain_is_claimed',
      expected: 'no other organization claims',
      actual: 'acme.test',
      what: /Remove acme\.test from claimed_email_domains/,
    },
  },
  {
    name: 'the address is one that another member has given up',
    before: async (setup) => {
      const { member } = await invite(setup, 'ada@acme.test')
      await organizationCall(setup, 'PUT', `/members/${member}`, { email_address: 'al@acme.test' })
      return { member: member! }
    },
    told: {
      ...jit,
      error_type: 'retired_member_email',
      expected: 'no member has retired',
      actual: 'ada@acme.test, retired by {member}',
      what: 'give {member} this email_address back',
    },
  },
]

async function run({ organization = {}, before, answer = person('ada@acme.test'), told }: Mistake) {
  const setup = await newSetup()
  if (Object.keys(organization).length > 0) await organizationCall(setup, 'PUT', '', organization)
  const connection = await connectIdP(setup.project, setup.organization_id)
  const more = await before?.(setup, connection)
  const browser = new Browser()
  const started = await browser.start(setup, connection)
  const response = await browser.submit(respond(connection, started, answer))
  await assertExplained(setup, response, told, { connection, ...more })
}

export const policyCases: readonly Case[] = mistakes.map((mistake) => ({
  name: mistake.name,
  kind: 'policy',
  run: () => run(mistake),
}))
