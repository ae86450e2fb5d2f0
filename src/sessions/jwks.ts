import { z } from 'zod'
import { endpoint } from '../http/endpoint.ts'
import { publishedKeys, signingKeys } from './keys.ts'

const JWK = z.object({
  kty: z.string(),
  use: z.string(),
  key_ops: z.array(z.string()),
  alg: z.string(),
  kid: z.string(),
  x5c: z.array(z.string()),
  x5tS256: z.string(),
  n: z.string(),
  e: z.string(),
})

/** Public: the SDKs ask for it without credentials. Rust's gives up a set that holds anything but RSA keys. */
export const getJWKS = endpoint({
  method: 'GET',
  path: '/v1/b2b/sessions/jwks/:project_id',
  summary: 'The public keys of the session JWTs of a project',
  auth: 'none',
  headers: { 'Cache-Control': 'public, max-age=300' },
  input: z.object({ project_id: z.string() }),
  output: z.object({ keys: z.array(JWK) }),
  async run(_input, context) {
    const keys = await signingKeys(context, context.project.project_id)
    return {
      keys: publishedKeys(keys, context.now()).map((key) => ({
        kty: 'RSA',
        use: 'sig',
        key_ops: ['verify'],
        alg: 'RS256',
        kid: key.key_id,
        x5c: [],
        x5tS256: '',
        n: key.public_jwk.n!,
        e: key.public_jwk.e!,
      })),
    }
  },
})
