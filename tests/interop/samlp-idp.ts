/**
 * A SAML identity provider on npm's samlp. Each path /NAME is one of its own, which signs, encrypts or asks as
 * its name says; all of them know the service providers that are put to /sp.
 *
 *     node samlp-idp.ts MODULES HOST PORT PASSWORD KEY CERTIFICATE
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [modules = '', host = '', port = '', password = '', keyFile = '', certificateFile = ''] =
  process.argv.slice(2)
const load = createRequire(join(modules, 'package.json'))
const express = load('express')
const samlp = load('samlp')

interface SP {
  entity_id: string
  acs_url: string
  signing_certificate: string
  encryption_certificate: string | undefined
}

interface Variant {
  options?: Record<string, unknown>
  encrypt?: boolean
  signed_requests?: boolean
}

/** What is used of a request of Express. */
interface Request {
  method: string
  query: Record<string, string>
  body: Record<string, string>
  params: { variant: string }
}

interface Response {
  type(name: string): Response
  status(code: number): Response
  send(body: string): void
}

type Next = (error?: unknown) => void

const variants: Record<string, Variant> = {
  default: {},
  response: { options: { signResponse: true, signAssertion: false } },
  both: { options: { signResponse: true } },
  unsigned: { options: { signAssertion: false } },
  sha1: { options: { signatureAlgorithm: 'rsa-sha1', digestAlgorithm: 'sha1' } },
  'signed-requests': { signed_requests: true },
  encrypted: { encrypt: true },
}

const key = readFileSync(keyFile, 'utf8')
const cert = readFileSync(certificateFile, 'utf8')
const known = new Map<string, SP>()

const ada = {
  id: 'samlp|ada',
  emails: [{ value: 'Ada.Lovelace@acme.test' }],
  displayName: 'Ada Lovelace',
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  groups: ['engineering', 'portal admins'],
}

function pem(base64: string): string {
  const lines = base64.replaceAll(/\s/g, '').replaceAll(/.{1,64}/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`
}

function readMetadata(xml: string): SP {
  const attribute = (element: string, name: string) =>
    new RegExp(`<[^>]*${element}[^>]* ${name}="([^"]+)"`).exec(xml)?.[1] ?? ''
  const keys = [...xml.matchAll(/KeyDescriptor use="(\w+)".*?X509Certificate>([^<]+)</gs)]
  const certificates = (use: string) =>
    keys.filter(([, which]) => which === use).map(([, , base64 = '']) => pem(base64))
  return {
    entity_id: attribute('EntityDescriptor', 'entityID'),
    acs_url: attribute('AssertionConsumerService', 'Location'),
    signing_certificate: certificates('signing').at(-1) ?? '',
    encryption_certificate: certificates('encryption').at(-1),
  }
}

/** The middleware of samlp for one login, with the options that this service provider needs. */
function answer(variant: Variant, sp: SP) {
  const { encryption_certificate } = sp
  return samlp.auth({
    issuer: 'urn:samlp:idp',
    cert,
    key,
    ...variant.options,
    ...(variant.signed_requests && { signingCert: sp.signing_certificate }),
    ...(variant.encrypt && {
      encryptionCert: encryption_certificate,
      encryptionPublicKey: encryption_certificate,
    }),
    audience: sp.entity_id,
    recipient: sp.acs_url,
    destination: sp.acs_url,
    getPostURL: (_audience: string, _dom: unknown, _request: Request, done: Done) =>
      done(null, sp.acs_url),
    getUserFromRequest: () => ada,
  })
}

type Done = (error: unknown, url: string) => void

const app = express()
app.use(express.urlencoded({ extended: false }))
app.get('/', (_request: Request, response: Response) => response.send('ready'))
app.put(
  '/sp',
  express.text({ type: '*/*', limit: '1mb' }),
  (request: { body: string }, response: Response) => {
    const sp = readMetadata(request.body)
    known.set(sp.entity_id, sp)
    response.send('known')
  },
)
app.get('/:variant/metadata', (request: Request, response: Response, next: Next) => {
  const path = `/${request.params.variant}/sso`
  const paths = { redirectEndpointPath: path, postEndpointPath: path }
  samlp.metadata({ issuer: 'urn:samlp:idp', cert, ...paths })(request, response, next)
})
app.all('/:variant/:what', (request: Request, response: Response, next: Next) => {
  const variant = variants[request.params.variant]
  const asked = { ...request.query, ...request.body }
  samlp.parseRequest(request, {}, (error: unknown, found?: { issuer?: string }) => {
    const sp = known.get(found?.issuer ?? asked.sp ?? '')
    if (error || !variant || !sp) return next(error ?? new Error('unknown'))
    if (asked.username === 'ada' && asked.password === password)
      return answer(variant, sp)(request, response, next)
    response
      .type('html')
      .send(
        '<!doctype html><title>Sign in</title><form method="post"><input name="username"><input name="password" type="password"><button>Sign in</button></form>',
      )
  })
})
app.use((error: Error, _request: Request, response: Response, _next: Next) =>
  response.status(400).type('text').send(String(error.message)),
)
app.listen(Number(port), host)
