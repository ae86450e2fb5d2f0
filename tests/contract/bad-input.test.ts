/** Bad input to every endpoint, generated from the list of them: never a 500, always the envelope. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Call, calls, methodIds, pathOf } from './calls.ts'
import { contractOf, type Field } from './contract.ts'
import { assertEnvelope } from './envelope.ts'
import { exchange, type RawAnswer, type RawRequest } from './raw-http.ts'
import { newTenant, type Tenant } from './tenant.ts'
import { endpointOf, type MethodId } from './types.ts'

const withBody = methodIds.filter((id) => ['POST', 'PUT'].includes(endpointOf[id].method))

function write(tenant: Tenant, id: MethodId, call: Call, body?: string | Uint8Array): RawRequest {
  const { authorization } = tenant.project
  const headers = { Authorization: authorization, 'Content-Type': 'application/json' }
  const request = { method: endpointOf[id].method, target: pathOf(id, call), headers }
  return body === undefined ? request : { ...request, body }
}

const malformed: Record<string, string | Uint8Array> = {
  'broken JSON': '{"organization_name": "Acme"',
  'a trailing comma': '{"organization_name": "Acme",}',
  'single quotes': "{'organization_name': 'Acme'}",
  'a bare word': 'undefined',
  'two objects': '{}{}',
  form: 'organization_name=Acme',
  XML: '<organization/>',
  'a list': '[]',
  'a list of objects': '[{"organization_name": "Acme"}]',
  'a string': '"organization_name"',
  'a number': '7',
  'a boolean': 'true',
  'a raw NUL': '{"organization_name": "Ac\0me"}',
  'an escaped NUL': '{"organization_name": "Ac\\u0000me"}',
  'an escaped NUL in a key': '{"organization_\\u0000name": "Acme"}',
  'an escaped NUL far inside': '{"trusted_metadata": {"a": [{"b": "\\u0000"}]}}',
  'half a surrogate pair': '{"organization_name": "Ac\\ud800me"}',
  'the other half': '{"organization_name": "Ac\\udc00me"}',
  'half a pair in a key': '{"\\ud83d": 1}',
  'invalid UTF-8': Buffer.from('{"organization_name": "Ac\xffme"}', 'latin1'),
  'overlong UTF-8': Buffer.from('{"organization_name": "\xc0\xaf"}', 'latin1'),
  'half a character': Buffer.from('{"organization_name": "\xe2\x82"}', 'latin1'),
  'UTF-16': Buffer.from('{"organization_name": "Acme"}', 'utf16le'),
  compressed: Buffer.from('1f8b0800000000000003abae05004392bf4302000000', 'hex'),
  'deep lists': `{"x": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
  'deep objects': `${'{"trusted_metadata":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
}

for (const [what, body] of Object.entries(malformed))
  test(`every endpoint with a body refuses ${what} with 400 bad_request`, async () => {
    const tenant = await anyTenant()
    for (const id of withBody) {
      const { params = {} } = await quickCall(id, tenant)
      assertEnvelope(await exchange(write(tenant, id, { params }, body)), id, '400 bad_request')
    }
  })

let shared: Promise<Tenant> | undefined

/** Nothing here may change it: every call that could is refused. */
function anyTenant(): Promise<Tenant> {
  shared ??= newTenant()
  return shared
}

const quick = new Map<MethodId, Promise<Call>>()

/** How an endpoint is called, made once: what it deletes is still there, because it is refused. */
function quickCall(id: MethodId, tenant: Tenant): Promise<Call> {
  const made = quick.get(id) ?? Promise.resolve(calls[id](tenant))
  quick.set(id, made)
  return made
}

test('3 MB are refused with 413 by every endpoint with a body, at once', async () => {
  const tenant = await anyTenant()
  const body = `{"organization_name": "${'x'.repeat(3_000_000)}"}`
  for (const id of withBody) {
    const { params = {} } = await quickCall(id, tenant)
    assertEnvelope(await exchange(write(tenant, id, { params }, body)), id, '413 bad_request')
  }
})

/** Values of every other type. */
function wrongFor(field: Field): unknown[] {
  const values = [7, -1, 1.5, 1e300, 'text', true, [], [7], [[]], [null], {}, { a: [] }]
  return values.filter((value) => {
    if (field.type === 'string') return typeof value !== 'string'
    if (field.type === 'boolean') return typeof value !== 'boolean'
    if (field.type === 'number') return !Number.isInteger(value) || value === 1e300 || value === -1
    if (field.type.endsWith('[]')) return !Array.isArray(value) || typeof value[0] !== 'undefined'
    return typeof value !== 'object' || Array.isArray(value)
  })
}

for (const id of withBody)
  test(`${id} refuses every other type in each of its fields`, async () => {
    const tenant = await anyTenant()
    const { params = {}, body = {} } = await quickCall(id, tenant)
    const attempts = contractOf(endpointOf[id]).body.flatMap((field) =>
      wrongFor(field).map((value) => async () => {
        const text = JSON.stringify({ ...body, [field.name]: value })
        const answer = await exchange(write(tenant, id, { params }, text))
        assertEnvelope(answer, `${id} ${field.name}: ${JSON.stringify(value)}`)
        assert.equal(answer.status, 400)
      }),
    )
    await eightAtATime(attempts)
  })

const odd: Record<string, string> = {
  empty: '',
  blank: ' \t\r\n',
  SQL: "'; drop table organizations; -- $1",
  pattern: '%_\\%',
  emoji: '👩🏽‍💻🏳️‍🌈',
  'right to left': '\u202eemcA',
  control: 'a\u0001b\u007f',
  markup: '<script>alert(1)</script>',
  'a prototype': '__proto__',
  'a constructor': 'constructor',
  path: '../../../etc/passwd',
  'a number': 'NaN',
  long: 'x'.repeat(200_000),
}

/** Several at once: the database works while the next ones are parsed. */
async function eightAtATime(attempts: (() => Promise<void>)[]): Promise<void> {
  while (attempts.length > 0) await Promise.all(attempts.splice(0, 8).map((attempt) => attempt()))
}

/** Good or refused, but in order. */
function assertInOrder(answer: RawAnswer, what: string): void {
  if (answer.status === 200) assert.equal(answer.body?.status_code, 200, what)
  else assertEnvelope(answer, what)
}

for (const id of withBody)
  test(`${id} takes or refuses odd text in each of its fields`, async () => {
    const tenant = await newTenant()
    const { params = {}, body = {} } = await calls[id](tenant)
    const attempts = contractOf(endpointOf[id]).body.flatMap(({ name, type }) =>
      Object.entries(odd).map(([what, text]) => async () => {
        const value = type.endsWith('[]')
          ? [text]
          : type.startsWith('map')
            ? { [text]: text }
            : text
        const json = JSON.stringify({ ...body, [name]: value })
        assertInOrder(await exchange(write(tenant, id, { params }, json)), `${id} ${name} ${what}`)
      }),
    )
    await eightAtATime(attempts)
  })

const oddSegments: Record<string, string> = {
  ...Object.fromEntries(
    Object.entries(odd)
      .filter(([what]) => what !== 'long')
      .map(([what, text]) => [what, encodeURIComponent(text)]),
  ),
  long: 'x'.repeat(8_000),
  'an encoded NUL': 'a%00b',
  'an invalid percent sequence': 'a%ffb',
  'a lone percent': '100%',
  'half an escape': 'a%2',
  'an encoded slash': 'a%2Fb',
  'half an encoded surrogate': '%ED%A0%80',
  'a semicolon': 'a;b=c',
}

for (const id of methodIds.filter((each) => endpointOf[each].path.includes(':')))
  test(`${id} finds nothing under odd ids`, async () => {
    const tenant = await anyTenant()
    const { params = {}, query, body } = await quickCall(id, tenant)
    for (const name of Object.keys(params))
      for (const [what, segment] of Object.entries(oddSegments)) {
        const crossed = { params: { ...params, [name]: segment }, ...(query && { query }) }
        const raw = { ...write(tenant, id, {}), target: pathOf(id, crossed, (text) => text) }
        const answer = await exchange(body ? { ...raw, body: JSON.stringify(body) } : raw)
        assertEnvelope(answer, `${id} ${name} ${what}`)
      }
  })

for (const id of methodIds.filter((each) => endpointOf[each].method === 'GET'))
  test(`${id} takes or refuses odd queries`, async () => {
    const tenant = await anyTenant()
    const call = await quickCall(id, tenant)
    const target = pathOf(id, call)
    const more = Object.values(oddSegments).flatMap((text) => [
      `member_id=${text}`,
      `include_deleted=${text}`,
      `${text}=1`,
    ])
    const odder = [
      '&&&',
      '=',
      'a[]=1',
      'organization_id=1&organization_id=2',
      '__proto__[x]=1',
      '%',
    ]
    for (const query of [...more, ...odder]) {
      const asked = `${target}${target.includes('?') ? '&' : '?'}${query}`
      const answer = await exchange({ ...write(tenant, id, call), target: asked })
      assertInOrder(answer, `${id} ${query.slice(0, 80)}`)
    }
  })

test('a NUL in a query parameter that counts is refused', async () => {
  const tenant = await anyTenant()
  const { organization_id, member_id } = tenant
  const request = write(tenant, 'organizations.members.get', { params: { organization_id } })
  for (const query of ['member_id=a%00b', `member_id=${member_id}&a%00b=1`, 'email_address=%00'])
    assertEnvelope(
      await exchange({ ...request, target: `${request.target}?${query}` }),
      query,
      '400 bad_request',
    )
})

test('__proto__ in a body is a field like any other that is not known', async () => {
  const tenant = await anyTenant()
  const bodies = [
    '{"__proto__": {"organization_name": "Acme"}}',
    '{"constructor": {"prototype": {}}}',
  ]
  for (const body of bodies)
    assertEnvelope(
      await exchange(write(tenant, 'organizations.create', {}, body)),
      body,
      '400 organization_name_missing',
    )
  assert.equal(({} as { organization_name?: string }).organization_name, undefined)
})

test('of a key that comes twice the last one counts, and unknown ones are ignored', async () => {
  const tenant = await newTenant()
  const body = '{"organization_name": "A", "unknown": [{}], "organization_name": "B"}'
  const answer = await exchange(write(tenant, 'organizations.create', {}, body))
  assert.equal(answer.body.organization.organization_name, 'B')
})

test('a byte order mark, white space and any content type are taken', async () => {
  const tenant = await newTenant()
  const json = '{"organization_name": "Acme"}'
  for (const body of [`\ufeff${json}`, `\r\n\t ${json} \n`])
    assert.equal((await exchange(write(tenant, 'organizations.create', {}, body))).status, 200)
  for (const type of ['', 'text/plain', 'application/xml', 'application/json; charset=utf-16']) {
    const request = write(tenant, 'organizations.create', {}, json)
    const headers = { ...request.headers, 'Content-Type': type }
    assert.equal((await exchange({ ...request, headers })).status, 200, type)
  }
})

test('after all this nothing has changed', async () => {
  const tenant = await anyTenant()
  const { organization_id } = tenant
  const call = { params: { organization_id } }
  const { body } = await exchange(write(tenant, 'organizations.get', call))
  assert.deepEqual(
    [body.organization.organization_name, body.organization.trusted_metadata],
    ['Acme', { tier: 'gold' }],
  )
  const found = await exchange(write(tenant, 'sso.getConnections', call))
  assert.deepEqual(
    [found.body.saml_connections.length, found.body.oidc_connections.length],
    [1, 2],
    'the second one was made to be deleted',
  )
})
