import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, beforeEach, test } from 'node:test'
import { exportJWK } from 'jose'
import { guardedFetch } from '../http/fetch.ts'
import { accessTokenHash } from './algorithms.ts'
import {
  forge,
  logIn,
  makeKey,
  type Provider,
  refused,
  resetProvider,
  type Script,
  type SigningKey,
  sign,
  startProvider,
} from './hostile-provider.test-kit.ts'

const outbound = guardedFetch({ allowed_private_hosts: [], development: true })
let provider: Provider
let key: SigningKey
let otherKey: SigningKey

before(async () => {
  key = await makeKey('RS256', 'key-1')
  otherKey = await makeKey('RS256', 'key-1')
  provider = await startProvider(key, outbound)
})
after(async () => {
  await outbound.close()
  await provider.close()
})
beforeEach(() => resetProvider(provider, key))

const families = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512']
for (const alg of [...families, 'EdDSA', 'Ed25519']) {
  test(`an ID token signed with ${alg} logs in`, async () => {
    resetProvider(provider, await makeKey(alg, 'key-1'))
    provider.script.claims.at_hash = accessTokenHash(alg, 'access-token')
    const { identity, checks } = await logIn(provider)
    assert.equal(identity.subject, 'ada-1')
    const signature = checks.filter(({ name }) => /algorithm|key|signature/.test(name))
    assert.deepEqual(
      signature.map(({ name, verdict, actual }) => [name, verdict, actual]),
      [
        ['id_token_algorithm', 'pass', alg],
        ['id_token_key', 'pass', 'kid key-1'],
        ['id_token_signature', 'pass', undefined],
      ],
    )
  })
}

function publish(script: Script, ...keys: unknown[]): void {
  script.jwks = { body: { keys } }
}

const anonymous = ({ jwk }: SigningKey) => ({ ...jwk, kid: undefined })

const accepted: [situation: string, change: (script: Script) => void][] = [
  [
    'it names no kid and the provider has one key',
    (script) => {
      script.header = {}
    },
  ],
  [
    'an encryption key of the same kid lies beside',
    (script) => publish(script, { ...otherKey.jwk, use: 'enc', alg: 'RSA-OAEP' }, key.jwk),
  ],
  [
    'a key for another algorithm lies beside and nothing has a kid',
    (script) => {
      script.header = {}
      publish(script, { ...anonymous(otherKey), alg: 'PS256' }, anonymous(key))
    },
  ],
  [
    'the key names neither use nor algorithm',
    (script) => publish(script, { ...key.jwk, use: undefined, alg: undefined }),
  ],
  [
    'what is no key lies beside',
    (script) => publish(script, null, 'x', {}, { kty: 'oct', k: 'AA', kid: 'key-1' }, key.jwk),
  ],
]

for (const [situation, change] of accepted) {
  test(`an ID token logs in where ${situation}`, async () => {
    change(provider.script)
    assert.equal((await logIn(provider)).identity.subject, 'ada-1')
  })
}

const attacks: [situation: string, check: string, change: (script: Script) => unknown][] = [
  [
    'another key signed it',
    'id_token_signature',
    (script) => {
      script.key = otherKey
    },
  ],
  [
    'it brings the key that signed it in its header',
    'id_token_signature',
    (script) => {
      script.key = otherKey
      script.header = { kid: 'key-1', jwk: otherKey.jwk, x5c: [], jku: `${provider.issuer}/x` }
    },
  ],
  ['alg is none', 'id_token_algorithm', (script) => forge(script, 'none')],
  ['alg is HS256 by the public key', 'id_token_algorithm', (script) => forge(script, 'HS256')],
  [
    'its kid is unknown',
    'id_token_key',
    (script) => {
      script.header = { kid: 'key-2' }
    },
  ],
  [
    'it names no kid and two keys fit',
    'id_token_key',
    (script) => {
      script.header = {}
      publish(script, key.jwk, { ...otherKey.jwk, kid: 'key-2' })
    },
  ],
  ['two keys have its kid', 'id_token_key', (script) => publish(script, key.jwk, otherKey.jwk)],
  [
    'the key is for encryption',
    'id_token_key',
    (script) => publish(script, { ...key.jwk, use: 'enc', alg: undefined }),
  ],
  [
    'the key is for another algorithm',
    'id_token_key',
    (script) => publish(script, { ...key.jwk, alg: 'PS256' }),
  ],
  [
    'the key may not verify',
    'id_token_key',
    (script) => publish(script, { ...key.jwk, key_ops: ['sign'] }),
  ],
  [
    'the keys are behind a redirect',
    'id_token_key',
    (script) => {
      script.jwks = { status: 302, headers: { location: '/elsewhere' }, body: '' }
    },
  ],
  ['its header demands an extension', 'token_response', (script) => extended(script)],
  ['it is encrypted', 'token_response', () => 'a.b.c.d.e'],
  ['it is no JWT', 'token_response', () => 'x.y.z'],
  ['it is missing', 'token_response', () => ''],
]

for (const [situation, name, change] of attacks) {
  test(`an ID token is refused where ${situation}`, async () => {
    const token = await change(provider.script)
    if (typeof token === 'string') provider.script.id_token = token
    const refusal = await refused(logIn(provider))
    assert.deepEqual([refusal.check.name, refusal.error_type], [name, 'oidc_auth_code_error'])
    assert.ok(!provider.seen.some(({ path }) => path === '/userinfo'))
  })
}

async function extended(script: Script): Promise<string> {
  const header = JSON.stringify({ alg: 'RS256', kid: 'key-1', crit: ['x'], x: 1 })
  const [, ...rest] = (await sign(script)).split('.')
  return [Buffer.from(header).toString('base64url'), ...rest].join('.')
}

test('a changed byte in header, claims or signature of an ID token is refused', async () => {
  const token = await sign(provider.script)
  for (const part of [0, 1, 2]) {
    const parts = token.split('.')
    const bytes = Buffer.from(parts[part]!, 'base64url')
    bytes[Math.floor(bytes.length / 2)]! ^= 1
    parts[part] = bytes.toString('base64url')
    provider.script.id_token = parts.join('.')
    await refused(logIn(provider))
  }
})

test('the algorithms that discovery lists do not matter', async () => {
  provider.settings.provider = {
    token_endpoint_auth_methods: [],
    authorization_response_iss_parameter_supported: false,
    id_token_signing_alg_values_supported: ['none', 'HS256'],
  } as never
  provider.script.id_token = forge(provider.script, 'none')
  assert.equal((await refused(logIn(provider))).check.name, 'id_token_algorithm')
})

test('an RSA key of 1024 bits verifies nothing', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const signing = privateKey.toCryptoKey(algorithm, true, ['sign'])
  const signed = (await sign(provider.script)).split('.').slice(0, 2).join('.')
  const signature = await crypto.subtle.sign(algorithm, signing, Buffer.from(signed))
  provider.script.id_token = `${signed}.${Buffer.from(signature).toString('base64url')}`
  publish(provider.script, { ...(await exportJWK(publicKey)), kid: 'key-1' })
  assert.equal((await refused(logIn(provider))).check.name, 'id_token_signature')
})
