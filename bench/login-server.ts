/** The servers that `bench/login.ts` compares: how each is started, asked and measured. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Agent, type Dispatcher, request } from 'undici'
import { encode, keyInfo, responseXML, type Signer, signed } from '../src/saml/signing.test-kit.ts'
import { readRedirectRequest } from '../src/test-idp/authn-request.ts'
import { eighteenAttributes } from './saml-attributes.ts'

/** A server with one organization and one SAML connection; `login` is one whole login. */
export interface Target {
  name: string
  process: ChildProcess
  login(email: string): Promise<void>
}

/** Who answers at the other end: what a connection is configured with, and what signs. */
export interface IdentityProvider {
  entity_id: string
  sso_url: string
  metadata: string
  certificate: string
  signer: Signer
}

const dispatcher = new Agent({ connections: 16 })

/** A request over a kept connection; answers other than `status` are thrown. */
export async function ask(
  method: Dispatcher.HttpMethod,
  url: string,
  status: number,
  { body, ...headers }: Record<string, string> = {},
) {
  const response = await request(url, { method, headers, body: body ?? null, dispatcher })
  const text = await response.body.text()
  if (response.statusCode === status) return { headers: response.headers, text }
  throw new Error(`${method} ${url}: ${response.statusCode} ${text.slice(-2_000)}`)
}

/** A signed Response of 8 KB for an AuthnRequest, as the form field. */
export function responseTo(
  idp: IdentityProvider,
  authnRequest: { id: string; issuer: string; acs_url: string },
  email: string,
): string {
  const { id, acs_url, issuer } = authnRequest
  const at = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString()
  const xml = responseXML({
    destination: `Destination="${acs_url}"`,
    response_in_response_to: `InResponseTo="${id}"`,
    response_issuer: `<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${idp.entity_id}</saml:Issuer>`,
    issuer: `<saml:Issuer>${idp.entity_id}</saml:Issuer>`,
    issue_instant: `IssueInstant="${at(0)}"`,
    name_id: `<saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">${email}</saml:NameID>`,
    confirmation_data: `<saml:SubjectConfirmationData InResponseTo="${id}" NotOnOrAfter="${at(300)}" Recipient="${acs_url}"></saml:SubjectConfirmationData>`,
    conditions_attributes: `NotBefore="${at(-60)}" NotOnOrAfter="${at(300)}"`,
    audience: `<saml:AudienceRestriction><saml:Audience>${issuer}</saml:Audience></saml:AudienceRestriction>`,
    attributes: `<saml:Attribute Name="email"><saml:AttributeValue>${email}</saml:AttributeValue></saml:Attribute>${eighteenAttributes}`,
  }).replace('_assertion-1', `_${randomUUID()}`)
  const { signer, certificate } = idp
  return encode(signed(xml, 'Assertion', { signer, after: keyInfo(certificate), prefixes: ['xs'] }))
}

/** What the browser posts after `location`, the redirect to the identity provider, as `email`. */
export function answerOf(idp: IdentityProvider, location: string, email: string): string {
  const query = new URL(location).searchParams
  const authnRequest = readRedirectRequest(query.get('SAMLRequest') ?? '')
  const SAMLResponse = responseTo(idp, authnRequest, email)
  return new URLSearchParams({ SAMLResponse, RelayState: query.get('RelayState') ?? '' }).toString()
}

/** Starts a server of this Node; resolves with the port that it prints as `"port":N`. */
export async function startServer(
  args: string[],
  environment: Record<string, string>,
): Promise<{ process: ChildProcess; url: string }> {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  process.once('exit', () => child.kill('SIGKILL'))
  let printed = ''
  const port = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        printed = (printed + chunk).slice(-10_000)
        const [, found] = /"port":(\d+)/.exec(printed) ?? []
        if (found) resolve(found)
      })
    child.once('exit', () => reject(new Error(`the server ended: ${printed}`)))
  })
  return { process: child, url: `http://127.0.0.1:${port}` }
}

/** Seconds of CPU that a process has used, all threads together (proc(5), 100 ticks a second). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Megabytes of memory that a process holds. */
export function megabytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) / 1024
}
