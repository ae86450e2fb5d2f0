/** What is wrong with a request before its fields count: methods, credentials, sizes, bytes that are no HTTP. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { api } from '../../src/api.ts'
import { newProject, type TestProject } from '../harness.ts'
import { assertEnvelope } from './envelope.ts'
import { listening } from './listening.ts'
import { exchange, sendBytes } from './raw-http.ts'
import { newTenant } from './tenant.ts'

const path = '/v1/b2b/organizations'

function headersOf({ authorization }: TestProject, more: Record<string, string> = {}) {
  return { Authorization: authorization, 'Content-Type': 'application/json', ...more }
}

test('an unknown route is 404 route_not_found, with credentials and without', async () => {
  const project = await newProject()
  for (const target of [
    '/',
    '/v1',
    '/v2/b2b/organizations',
    '/v1/b2b/organizations/a/b/c',
    '/v1/b2b/Organizations',
    '/v1/b2b/organizations/',
    '/v1/b2b//organizations',
    '/.env',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/%',
    '/%00',
    `/${'x'.repeat(4_000)}`,
  ])
    for (const method of ['GET', 'POST', 'DELETE'])
      for (const headers of [{}, headersOf(project)])
        assertEnvelope(
          await exchange({ method, target, headers }),
          `${method} ${target}`,
          '404 route_not_found',
        )
})

test('the wrong method is 405 method_not_allowed, and Allow says the right ones', async () => {
  const project = await newProject()
  const matching = (target: string) =>
    api.filter((each) => new RegExp(`^${each.path.replace(/:\w+/g, '[^/]+')}$`).test(target))
  for (const { path } of api) {
    const target = path.replace(/:(\w+)/g, 'x')
    const allowed: string[] = matching(target).map((each) => each.method)
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND']) {
      if (allowed.includes(method)) continue
      const answer = await exchange({ method, target, headers: headersOf(project) })
      assertEnvelope(answer, `${method} ${target}`, '405 method_not_allowed')
      const said = answer.headers.get('allow')?.split(', ') ?? []
      assert.ok(said.length > 0 && said.every((each) => allowed.includes(each)), `${said}`)
    }
  }
})

test('HEAD is GET without the body; TRACE and CONNECT are refused', async () => {
  const { project, organization_id } = await newTenant()
  const headers = headersOf(project)
  const target = `${path}/${organization_id}`
  const head = await exchange({ method: 'HEAD', target, headers })
  assert.deepEqual([head.status, head.text], [200, ''])
  const nobody = await exchange({ method: 'HEAD', target: `${path}/nobody`, headers })
  assert.deepEqual([nobody.status, nobody.text], [404, ''])
  const wrong = await exchange({ method: 'HEAD', target: `${path}/members/search`, headers })
  assert.equal(wrong.text, '')
  assert.notEqual(wrong.status, 200)
  assertEnvelope(await exchange({ method: 'TRACE', target, headers }), 'TRACE')
  assertEnvelope(await sendBytes(['CONNECT idp.test:443 HTTP/1.1\r\nHost: a\r\n\r\n']), 'CONNECT')
})

test('a POST, PUT or DELETE without a body is judged like one with {}', async () => {
  const tenant = await newTenant()
  const { project, organization_id } = tenant
  const cases = [
    ['POST', path, '400 organization_name_missing'],
    ['POST', `${path}/search`, '200'],
    ['POST', `${path}/members/search`, '400 member_search_organization_ids_empty'],
    ['POST', `${path}/${organization_id}/members`, '400 bad_request'],
    ['PUT', `${path}/${organization_id}`, '200'],
    ['POST', '/v1/b2b/sessions/authenticate', '400 no_session_arguments'],
    ['POST', '/v1/b2b/sessions/revoke', '400 no_session_revoke_arguments'],
    ['POST', '/v1/b2b/sso/authenticate', '400 bad_request'],
    ['POST', `/v1/b2b/sso/saml/${organization_id}`, '200'],
    ['PUT', `/v1/b2b/sso/saml/${organization_id}/connections/x`, '404 saml_connection_not_found'],
    ['DELETE', `${path}/nobody`, '404 organization_not_found'],
    ['DELETE', `${path}/${organization_id}/members/nobody`, '404 member_not_found'],
  ] as const
  const { Authorization } = headersOf(project)
  const contentTypes = [
    {},
    { 'Content-Type': 'application/json' },
    { 'Content-Type': 'text/plain' },
  ]
  const lengths = [{}, { 'Content-Length': '0' }, { 'Transfer-Encoding': 'chunked' }]
  for (const [method, target, expected] of cases)
    for (const contentType of contentTypes)
      for (const length of lengths) {
        const chunked = 'Transfer-Encoding' in length
        const headers = { Authorization, Connection: 'close', Host: 'a', ...contentType, ...length }
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
        const bytes = `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${chunked ? '0\r\n\r\n' : ''}`
        const answer = await sendBytes([bytes])
        if (expected === '200') assert.equal(answer.status, 200, answer.text)
        else assertEnvelope(answer, bytes, expected)
      }
})

test('credentials in every wrong form are 401 unauthorized_credentials', async () => {
  const project = await newProject()
  const { project_id, secret, authorization } = project
  const encode = (text: string) => Buffer.from(text).toString('base64')
  const pair = `${project_id}:${secret}`
  const wrong = [
    '',
    'Basic',
    'Basic ',
    'Basic :',
    'Basic !!!!',
    `Basic ${pair}`,
    `Basic ${encode('')}`,
    `Basic ${encode(':')}`,
    `Basic ${encode(project_id)}`,
    `Basic ${encode(`${project_id}:`)}`,
    `Basic ${encode(`:${secret}`)}`,
    `Basic ${encode(`${secret}:${project_id}`)}`,
    `Basic ${encode(`${pair} `)}`,
    `Basic ${encode(`${pair}\n`)}`,
    `Basic ${encode(`${pair}\0`)}`,
    `Basic ${encode(`\0${pair}`)}`,
    `Basic ${encode(` ${pair}`)}`,
    `Basic ${encode(`${project_id.toUpperCase()}:${secret}`)}`,
    `Basic ${encode(`${project_id}:${secret.toUpperCase()}`)}`,
    `Basic ${encode(`${project_id}:${secret}:${secret}`)}`,
    `Basic ${encode(`${project_id}:${'x'.repeat(10_000)}`)}`,
    `Basic ${encode("' or 1=1 --:' or 1=1 --")}`,
    `Basic ${encode('__proto__:constructor')}`,
    `Basic ${encode(pair)}, Basic ${encode(pair)}`,
    `Basic ${encode(pair)} x`,
    `Bearer ${secret}`,
    `Bearer ${encode(pair)}`,
    `Digest username="${project_id}"`,
    encode(pair),
    `BasicX ${encode(pair)}`,
  ]
  const target = '/v1/debug/whoami'
  assertEnvelope(await exchange({ method: 'GET', target }), 'none', '401 unauthorized_credentials')
  for (const Authorization of wrong) {
    const answer = await exchange({ method: 'GET', target, headers: { Authorization } })
    assertEnvelope(answer, Authorization.slice(0, 80), '401 unauthorized_credentials')
  }
  for (const Authorization of [authorization, authorization.replace('Basic', 'basic')])
    assert.equal(
      (await exchange({ method: 'GET', target, headers: { Authorization } })).status,
      200,
    )
})

test('credentials are judged before the body: nobody without them learns anything', async () => {
  for (const body of ['{broken', '[]', '{"organization_name": 7}', '\xff'])
    assertEnvelope(
      await exchange({ method: 'POST', target: path, body }),
      body,
      '401 unauthorized_credentials',
    )
})

test('a body beyond 1 MiB is 413, announced, sent, or in chunks', async () => {
  const project = await newProject()
  const lines = Object.entries(headersOf(project, { Host: 'a', Connection: 'close' }))
  const head = `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}`
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
  const announced = await sendBytes([`${head}Content-Length: 1048577\r\n\r\n`])
  assertEnvelope(announced, 'announced', '413 bad_request')
  const waiting = await sendBytes([
    `${head}Content-Length: 3000000\r\nExpect: 100-continue\r\n\r\n`,
  ])
  assert.ok([100, 413].includes(waiting.status))
  const chunks = [
    `${head}Transfer-Encoding: chunked\r\n\r\n`,
    ...Array(17).fill(chunk),
    '0\r\n\r\n',
  ]
  assertEnvelope(await sendBytes(chunks), 'chunks', '413 bad_request')
  const fits = `{"organization_name": "Acme", "x": "${'x'.repeat(1_048_576 - 40)}"}`
  const headers = headersOf(project)
  assert.equal((await exchange({ method: 'POST', target: path, headers, body: fits })).status, 200)
  const { url } = await listening()
  const answer = await fetch(url + path, { method: 'POST', headers, body: 'x'.repeat(3_000_000) })
  assert.equal(answer.status, 413, 'a client that sends all of it gets the answer too')
})

const noHTTP: Record<string, string> = {
  garbage: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
  'a word': 'HELLO\r\n\r\n',
  'an unknown method': 'FETCH / HTTP/1.1\r\nHost: a\r\n\r\n',
  'an unknown version': 'GET / HTTP/9.9\r\nHost: a\r\n\r\n',
  'no target': 'GET HTTP/1.1\r\nHost: a\r\n\r\n',
  'a space in the target': 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n',
  'a NUL in the target': 'GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n',
  'no host': 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n',
  'a host that is none': 'GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n',
  'a host with a path': 'GET / HTTP/1.1\r\nHost: a/b?c\r\nConnection: close\r\n\r\n',
  'a backslash in the target': 'GET /\\evil HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  'a target of another kind': 'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  'an absolute target that is no URL':
    'GET http:// HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  'a header without a colon': 'GET / HTTP/1.1\r\nHost: a\r\nbroken\r\n\r\n',
  'a NUL in a header': 'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n',
  'a space before the colon': 'GET / HTTP/1.1\r\nHost : a\r\n\r\n',
  'two lengths': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
  'a length that is none': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: two\r\n\r\nab',
  'a negative length': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -2\r\n\r\nab',
  'length and chunks':
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'an encoding that is not known':
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n\r\nab',
}

for (const [what, bytes] of Object.entries(noHTTP))
  test(`${what} is answered with the envelope`, async () => {
    assertEnvelope(await sendBytes([bytes]), what)
  })

test('a chunk size that is none is refused, with an envelope where nothing was answered yet', async () => {
  const project = await newProject()
  const { Authorization } = headersOf(project)
  const head = `POST ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: ${Authorization}\r\n`
  const answer = await sendBytes([`${head}Transfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n`])
  assertEnvelope(answer, 'chunk size', '400 bad_request')
})

test('headers beyond 16 KB are 431, an unknown expectation 417', async () => {
  const project = await newProject()
  const target = '/v1/debug/whoami'
  const large = headersOf(project, { 'X-Large': 'x'.repeat(20_000) })
  assertEnvelope(
    await exchange({ method: 'GET', target, headers: large }),
    'one',
    '431 bad_request',
  )
  const many = Array.from({ length: 1_500 }, (_, i) => [`X-${i}`, 'x'.repeat(10)] as const)
  const headers = headersOf(project, Object.fromEntries(many))
  assertEnvelope(await exchange({ method: 'GET', target, headers }), 'many', '431 bad_request')
  const long = `/v1/b2b/organizations/${'x'.repeat(20_000)}`
  assertEnvelope(await exchange({ method: 'GET', target: long }), 'path', '431 bad_request')
  const expecting = headersOf(project, { Expect: 'the-unexpected' })
  assertEnvelope(
    await exchange({ method: 'GET', target, headers: expecting }),
    'Expect',
    '417 bad_request',
  )
  assert.equal((await exchange({ method: 'GET', target, headers: headersOf(project) })).status, 200)
})
