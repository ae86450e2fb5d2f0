import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, newProject, server } from '../../tests/harness.ts'
import { Browser, newSetup, type Setup } from '../../tests/login.ts'
import { setDebug } from './connection-switches.ts'
import { arrive, enter, lastFlow } from './login.test-kit.ts'
import { newProvider } from './oidc-provider.test-kit.ts'
import { connectIdP, mapping } from './saml-idp.test-kit.ts'
import { seenAttributes } from './seen-attributes.ts'
import { startTest, tryAnswer } from './test-login.test-kit.ts'

async function seen(setup: Setup, connection_id: string) {
  const { services } = await server()
  return seenAttributes(services, setup.project.project_id, connection_id)
}

async function names(setup: Setup, connection_id: string): Promise<string[]> {
  return (await seen(setup, connection_id)).attributes.map(({ name }) => name).sort()
}

const person = (who: string, groups: string[]) => ({
  name_id: `${who}@acme.test`,
  attributes: { email: `${who}@acme.test`, firstName: who, lastName: 'L', groups },
})

test('before anybody has tried a connection nothing was seen', async () => {
  const setup = await newSetup()
  assert.deepEqual(await seen(setup, setup.saml), {
    attributes: [],
    groups: [],
    counted: 0,
    last_seen_at: null,
    notes: [],
  })
})

test('the first test that fails at the mapping already says what could be mapped', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id, {
    attribute_mapping: { ...mapping, email: 'mail' },
  })
  const flow = await tryAnswer(setup, saml, person('ada', ['staff', 'engines']))
  assert.equal(flow.error_type, 'invalid_saml_response_email')
  const { attributes, last_seen_at } = await seen(setup, saml)
  const values = new Map(attributes.map((each) => [each.name, each.values]))
  assert.deepEqual(values.get('NameID'), ['ada@acme.test'])
  assert.deepEqual(values.get('groups'), ['staff', 'engines'])
  assert.deepEqual(last_seen_at, flow.started_at)
})

test('attributes with names that JavaScript has a meaning for are seen like others', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id, {
    attribute_mapping: { ...mapping, email: 'mail' },
  })
  const odd = ['__proto__', 'constructor', 'toString']
  await tryAnswer(setup, saml, { attributes: odd.map((name) => [name, [`of ${name}`]]) })
  const { attributes } = await seen(setup, saml)
  for (const name of odd)
    assert.deepEqual(attributes.find((each) => each.name === name)?.values, [`of ${name}`])
})

test('nothing is taken from a response whose signature does not hold', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  await tryAnswer(setup, saml, { sign: 'nothing' })
  assert.deepEqual(await names(setup, saml), [])
})

test('logins that succeed say it too, and groups are counted by members', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id, {
    attribute_mapping: { ...mapping, groups: 'groups' },
  })
  for (const [who, groups] of [
    ['ada', ['staff', 'engines']],
    ['grace', ['staff']],
    ['ada', ['staff']],
  ] as const)
    await enter(setup, saml, person(who, [...groups]))
  const { groups, counted, attributes, notes } = await seen(setup, saml)
  assert.deepEqual([groups, counted, notes], [[{ group: 'staff', members: 2 }], 2, []])
  const emails = attributes.find(({ name }) => name === 'email')?.values
  assert.deepEqual(emails, ['ada@acme.test', 'grace@acme.test'])
})

test('ids in place of groups, and a link in place of many, are pointed out', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id, {
    attribute_mapping: { ...mapping, groups: 'groups' },
  })
  await enter(setup, saml, person('ada', ['0b6f1e0c-1111-2222-3333-444455556666']))
  assert.deepEqual((await seen(setup, saml)).notes, ['group_ids'])
  const link = 'http://schemas.microsoft.com/claims/groups.link'
  const attributes = { email: 'ada@acme.test', firstName: 'A', lastName: 'L', [link]: 'https://x' }
  await tryAnswer(setup, saml, { attributes })
  assert.deepEqual((await seen(setup, saml)).notes, ['group_ids', 'group_overage'])
})

test('the claims of an OpenID provider are named, without those of a single login', async () => {
  const setup = await newSetup()
  const provider = newProvider()
  const oidc = await provider.connect(setup.project, setup.organization_id)
  const browser = new Browser()
  const said = { claims: { email: undefined, upn: 'ada@acme.test' }, userinfo: { team: 'x' } }
  await browser.submit(provider.answer(await startTest(browser, setup, oidc), said))
  assert.equal((await lastFlow(setup.project)).error_type, 'oidc_response_email_missing')
  const found = await names(setup, oidc)
  for (const name of ['upn', 'sub', 'team']) assert.ok(found.includes(name), name)
  for (const name of ['nonce', 'iat', 'exp', 'email']) assert.ok(!found.includes(name), name)
})

test('an attribute with many long values does not fill the page', async () => {
  const setup = await newSetup()
  const saml = await connectIdP(setup.project, setup.organization_id)
  const many = Array.from({ length: 50 }, (_, n) => `${n}-${'x'.repeat(900)}`)
  await tryAnswer(setup, saml, person('ada', many))
  const { attributes } = await seen(setup, saml)
  const values = attributes.find(({ name }) => name === 'groups')!.values
  assert.deepEqual([values.length, values[0]?.length], [5, 200])
})

test('another project sees nothing of a connection', async () => {
  const setup = await newSetup()
  const { services } = await server()
  const saml = await connectIdP(setup.project, setup.organization_id)
  await setDebug(services, setup.project.project_id, saml, new Date(Date.now() + 60_000))
  await arrive(setup, saml)
  const { project_id } = await newProject()
  assert.deepEqual((await seenAttributes(services, project_id, saml)).attributes, [])
  const path = `/v1/b2b/sso/${setup.organization_id}`
  assert.equal((await call(setup.project, 'GET', path)).status, 200)
})
