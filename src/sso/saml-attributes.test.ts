/** Attributes of a SAML assertion whose value is an element: harmless unless the connection maps them. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { type Browser, newSetup, type Setup } from '../../tests/login.ts'
import { assertRefused, enter, lastFlow } from './login.test-kit.ts'
import { connectIdP, mapping, respond } from './saml-idp.test-kit.ts'

const email = 'ada@acme.test'
const targeted = 'urn:oid:1.3.6.1.4.1.5923.1.1.1.10'
const nameID = '<saml:NameID NameQualifier="https://idp.example">eve@acme.test</saml:NameID>'

let setup: Setup
before(async () => {
  setup = await newSetup()
})

/** A connection that maps this beside the e-mail address. */
function connect(extra: Record<string, string> = {}): Promise<string> {
  const attribute_mapping = { ...mapping, ...extra }
  return connectIdP(setup.project, setup.organization_id, { attribute_mapping })
}

test('one that is not mapped changes nothing: the login holds, without it, and the trace names it', async () => {
  const saml = await connect()
  const { member } = await enter(setup, saml, {
    attributes: [
      ['email', [email]],
      [targeted, [nameID]],
      ['half', ['text']],
      ['half', [nameID]],
      ['other', ['text']],
    ],
  })
  assert.equal(member.email_address, email)
  const [registration] = member.sso_registrations
  assert.deepEqual(registration.sso_attributes, { email: [email], other: ['text'] })
  const { checks } = await lastFlow(setup.project)
  const named = checks.find((check) => check.name === 'attributes_not_plain')
  assert.equal(named?.verdict, 'skip')
  assert.equal(named?.actual, `left out: ${targeted}, half`)
})

const odd: [string, string[]][] = [[targeted, [nameID]]]
const oddAfterPlain: [string, string[]][] = [[targeted, ['text']], ...odd]
const plainAfterOdd: [string, string[]][] = [...odd, [targeted, ['text']]]
const withText: [string, string[]][] = [[targeted, [`${email}${nameID}`]]]
const oneOfSeveral: [string, string[]][] = [[targeted, ['text', nameID]]]
const forms = { odd, oddAfterPlain, plainAfterOdd, withText, oneOfSeveral }

const mapped: [key: string, error_type: string, check: string][] = [
  ['email', 'invalid_saml_response_email', 'attribute_email'],
  ['full_name', 'invalid_saml_response', 'attribute_full_name'],
  ['first_name', 'invalid_saml_response', 'attribute_first_name'],
  ['last_name', 'invalid_saml_response', 'attribute_last_name'],
  ['groups', 'invalid_saml_response_groups', 'groups'],
  ['idp_user_id', 'invalid_saml_response', 'attribute_idp_user_id'],
  ['department', 'invalid_saml_response', 'attribute_department'],
]

for (const [key, error_type, check] of mapped)
  test(`one that is mapped to ${key} refuses: ${error_type}, also beside one that is plain`, async () => {
    const saml = await connect({ [key]: targeted })
    for (const attributes of Object.values(forms)) {
      const attempt = async (browser: Browser) =>
        respond(saml, await browser.start(setup, saml), {
          attributes: [['email', [email]], ...attributes],
        })
      await assertRefused(setup.project, attempt, {
        error_type,
        check,
        who: 'it_admin',
        flow: 'failed',
      })
    }
    const { member } = await enter(setup, saml, {
      name_id: `plain-${key}`,
      attributes: { email, [targeted]: key === 'email' ? email : 'text' },
    }).catch((error) => assert.fail(`plain text is refused: ${error}`))
    assert.equal(member.email_address, email)
  })

test('what is mapped to NameID is not disturbed by an attribute that bears this name', async () => {
  const saml = await connect({ email: 'NameID', login: 'NameID' })
  const { member } = await enter(setup, saml, {
    name_id: 'bob@acme.test',
    attributes: { NameID: nameID },
  })
  assert.equal(member.email_address, 'bob@acme.test')
  assert.deepEqual(member.trusted_metadata, { login: 'bob@acme.test' })
})
