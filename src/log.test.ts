import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import pg from 'pg'
import { createLog, type Logger } from './log.ts'

const canary = 'canary-7b1f'

/** The lines that `write` logs. */
function linesOf(write: (log: Logger) => void): string[] {
  const lines: string[] = []
  write(createLog('trace', { write: (line) => lines.push(line) }))
  return lines
}

function lineOf(write: (log: Logger) => void) {
  const [line = '', ...more] = linesOf(write)
  assert.equal(more.length, 0)
  return { text: line, fields: JSON.parse(line) }
}

test('what stands under the name of a secret is masked, at any depth and in any spelling', () => {
  const names = [
    ...['SAMLResponse', 'RelayState', 'code', 'state', 'nonce', 'password', 'token', 'sso_token'],
    ...['session_token', 'session_jwt', 'id_token', 'access_token', 'client_secret', 'secret'],
    ...['private_key', 'signing_private_key', 'Cookie', 'set-cookie', 'Authorization', 'pem'],
    ...['pkce_code_verifier', 'code_verifier', 'X-Stytch-Member-Session'],
    'X-Stytch-Member-SessionJWT',
  ]
  for (const name of names)
    for (const fields of [{ [name]: canary }, { a: { b: [{ c: { [name]: [canary] } }] } }]) {
      const { text } = lineOf((log) => log.info(fields, 'text'))
      assert.ok(!text.includes(canary), text)
      assert.match(text, /\[masked\]/)
    }
})

test('names, ids and states of the service itself stay readable', () => {
  const fields = {
    request_id: 'request-id-test-0193a7e2-7e2b-7cc3-98c4-dc0c0c07398f',
    connection_id: 'saml-connection-live-0193a7e2-7e2b-7cc3-98c4-dc0c0c07398f',
    secret_id: 'secret-id-test-0193a7e2-7e2b-7cc3-98c4-dc0c0c07398f',
    key_id: 'jwk-test-0193a7e2-7e2b-7cc3-98c4-dc0c0c07398f',
    public_token: 'public-token-test-0193a7e2-7e2b-7cc3-98c4-dc0c0c07398f',
    error_type: 'pkce_expected_code_verifier',
    route: '/v1/b2b/organizations/:organization_id/members/:member_id',
    base_url: 'https://sso.example.com/v1/public/sso/start?public_token=public-token-test-1',
    ms: 1.25,
    at: new Date(0),
    list: [1, null, 'two'],
  }
  const { msg, level, time, ...rest } = lineOf((log) =>
    log.info(fields, 'basic authentication'),
  ).fields
  assert.equal(msg, 'basic authentication')
  assert.deepEqual(rest, JSON.parse(JSON.stringify(fields)))
})

test('what looks like a secret is masked wherever it stands', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const body = pem.split('\n').slice(1, -2)
  const token = randomBytes(32).toString('base64url')
  const jwt = `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.${randomBytes(64).toString('base64url')}`
  const response = randomBytes(600).toString('base64')
  const basic = Buffer.from('project-test-1:secret-test-abc').toString('base64')
  const cases: [text: string, secrets: string[]][] = [
    [`key ${pem}`, body],
    [`key ${pem.slice(0, 600)}`, body.slice(0, 5)],
    [`token ${token} was used`, [token]],
    [`at https://a.test/authenticate?token=${token}&x=1`, [token]],
    [`at https://a.test/cb?code=${canary}&state=${canary}#x`, [canary]],
    [`jwt ${jwt}`, jwt.split('.').slice(1)],
    [`__Host-portcullis_login=${token}; other=1`, [token]],
    [`secret-live-${token}`, [token]],
    [`Authorization: Basic ${basic}`, [basic]],
    [`authorization: bearer ${canary}.${canary}`, [canary]],
    [`SAMLResponse=${encodeURIComponent(response)}`, [response.slice(0, 40), response.slice(-40)]],
    // Its middle looks like a token of ours by itself.
    [`got ${'a'.repeat(60)}/${'b'.repeat(43)}/${'c'.repeat(60)}`, ['aaa', 'bbb', 'ccc']],
    [`got ${response}`, [response.slice(0, 40), response.slice(300, 340), response.slice(-40)]],
  ]
  for (const [text, secrets] of cases)
    for (const line of [
      lineOf((log) => log.info(text)),
      lineOf((log) => log.info({ note: { text } }, 'text')),
      lineOf((log) => log.error({ err: new Error(text) }, 'text')),
      lineOf((log) => log.error({ err: new Error('x', { cause: new Error(text) }) }, 'text')),
      lineOf((log) => log.error(new Error(text))),
    ])
      for (const secret of secrets) assert.ok(!line.text.includes(secret), line.text)
})

test('of an error of PostgreSQL only names are written, nothing of the rows', () => {
  const error = Object.assign(new pg.DatabaseError(`invalid input: "${canary}"`, 1, 'error'), {
    code: '22P02',
    detail: `Key (email_address)=(${canary}) already exists.`,
    where: `JSON data, line 1: ${canary}`,
    hint: canary,
    internalQuery: canary,
    parameters: [canary],
    query: `select '${canary}'`,
    table: 'members',
    constraint: 'members_email',
  })
  const { text, fields } = lineOf((log) => log.error({ err: error, request_id: 'r' }, 'failed'))
  assert.ok(!text.includes(canary), text)
  assert.equal(fields.err.code, '22P02')
  assert.equal(fields.err.table, 'members')
  assert.equal(fields.err.constraint, 'members_email')
  assert.match(fields.err.stack, /^at .*log\.test\.ts/)
  assert.equal(fields.request_id, 'r')
})

test('an error that holds what it was given is written without it', () => {
  const parse = (text: string) => {
    try {
      JSON.parse(text)
    } catch (error) {
      return error
    }
  }
  for (const err of [
    parse(`{"a": ${canary}}`),
    Object.assign(new Error('answered 400'), {
      body: { error: canary },
      response: canary,
      config: canary,
    }),
    new Error('outer', { cause: { id_token: canary } }),
    new Error('outer', { cause: Object.assign(new Error('inner'), { detail: canary }) }),
  ]) {
    const { text, fields } = lineOf((log) => log.error({ err }, 'failed'))
    assert.ok(!text.includes(canary), text)
    assert.ok(fields.err.message.length > 0)
  }
})
