/** Watches what passes through the application, gathers every secret of it, and every line of the log. */
import type { TestContext } from 'node:test'
import { createLog } from '../src/log.ts'
import { server } from './harness.ts'

/** Where a secret stands in a request or an answer, by the name of its field, parameter or header. */
const positions = [
  ...['authorization', 'cookie', 'set-cookie'],
  ...['x-stytch-member-session', 'x-stytch-member-sessionjwt'],
  ...['SAMLResponse', 'RelayState', 'state', 'code', 'token', 'nonce'],
  ...['sso_token', 'session_token', 'session_jwt', 'intermediate_session_token'],
  ...['client_secret', 'signing_private_key', 'saml_encryption_private_key'],
  ...['pkce_code_verifier', 'code_verifier', 'id_token', 'access_token'],
] as const
export type Position = (typeof positions)[number]

export interface Watched {
  lines: string[]
  /** What people and callers were answered with an error. */
  refusals: string[]
  /** Every secret that was seen, by where it stood. */
  secrets: Map<Position, Set<string>>
  /** Gathers one that this does not see by itself. */
  note(position: Position, value: string): void
}

/** Until the test ends, watches the application of this run, and logs at level trace. */
export async function watch(t: TestContext): Promise<Watched> {
  const { app, services } = await server()
  const watched: Watched = { lines: [], refusals: [], secrets: new Map(), note }
  function note(position: Position, value: string): void {
    const seen = watched.secrets.get(position) ?? new Set()
    watched.secrets.set(position, seen.add(value))
  }
  const { log, fetch } = services
  t.after(() => Object.assign(services, { log, fetch }))
  services.log = createLog('trace', { write: (line) => watched.lines.push(line) })
  services.fetch = async (input, init) => {
    noteRequest(note, String(input), init)
    const response = await fetch(input, init)
    await noteResponse(note, response.clone())
    return response
  }
  const request = app.request.bind(app)
  t.mock.method(app, 'request', async (input: string, init?: RequestInit, env?: object) => {
    noteRequest(note, input, init)
    const response = await request(input, init, env)
    if (response.status >= 400) watched.refusals.push(await response.clone().text())
    await noteResponse(note, response.clone())
    return response
  })
  return watched
}

type Note = Watched['note']

function noteRequest(note: Note, url: string, init: RequestInit = {}): void {
  noteHeaders(note, new Headers(init.headers))
  noteFields(note, new URL(url, 'http://x').searchParams)
  const body = init.body instanceof URLSearchParams ? init.body : String(init.body ?? '')
  noteBody(note, body)
}

async function noteResponse(note: Note, response: Response): Promise<void> {
  noteHeaders(note, response.headers)
  noteBody(note, await response.text())
  const location = response.headers.get('location')
  if (location) noteFields(note, new URL(location).searchParams)
}

function noteHeaders(note: Note, headers: Headers): void {
  noteFields(note, headers)
  for (const header of headers.getSetCookie())
    note('cookie', header.split(';')[0]!.split('=').slice(1).join('='))
}

function noteBody(note: Note, body: string | URLSearchParams): void {
  try {
    noteFields(note, Object.entries(JSON.parse(String(body)) as object))
  } catch {
    noteFields(note, new URLSearchParams(body))
  }
}

function noteFields(note: Note, fields: Iterable<[string, unknown]>): void {
  for (const [name, value] of fields) {
    const position = positions.find((each) => each === name)
    if (position && typeof value === 'string' && value.length >= 8) note(position, value)
  }
}

/** Every spelling in which a secret would give itself away. */
export function spellingsOf(secret: string): string[] {
  const parts = [secret, ...secret.split(/[.;\s=]/)]
  const basic = /^Basic (.+)$/.exec(secret)?.[1]
  if (basic) parts.push(Buffer.from(basic, 'base64').toString().split(':')[1]!)
  return parts
    .filter((part) => part.length >= 16 && !known.test(part))
    .flatMap((part) => [
      part,
      encodeURIComponent(part),
      JSON.stringify(part).slice(1, -1),
      Buffer.from(part).toString('hex'),
      Buffer.from(part).toString('base64').replace(/=+$/, ''),
    ])
}

// Names, not values: of cookies and their attributes, and the header of every JWT of a key.
const known = /^(__Host-portcullis_login|portcullis_login|SameSite|eyJ[\w-]+)$/
