/**
 * Forms of the pages: how they are read, and how one of another site or session is told (CSRF): by the Origin
 * that browsers send with every POST, and by a token that belongs to the session.
 */
import { createHash } from 'node:crypto'
import type { Context as HonoContext } from 'hono'
import type { Services } from '../context.ts'
import { sameHash } from '../db/secrets.ts'
import { assertStorable, decodeUTF8, parseFields, readBody } from './body.ts'
import { ApiError } from './errors.ts'

/** What was typed into a form; nothing in it is trusted. */
export interface Form {
  /** The first value, trimmed; empty where there is none. */
  text(name: string): string
  /** As typed, for passwords and pasted documents. */
  raw(name: string): string
  list(name: string): string[]
  flag(name: string): boolean
}

/** The token of the forms of a session: derived, so that it needs no place of its own. */
export function csrfTokenOf(session_token: string): string {
  return createHash('sha256').update(`csrf ${session_token}`).digest('base64url')
}

/** Throws for a form of another site, or of another session. */
export function assertOwnForm(
  services: Services,
  c: HonoContext,
  form: Form,
  csrf_token: string,
): void {
  assertOwnOrigin(services, c)
  const given = Buffer.from(form.raw('csrf_token'))
  if (!sameHash(given, Buffer.from(csrf_token))) throw foreignForm()
}

/** Throws where a POST comes from elsewhere; browsers send Origin with every POST. */
export function assertOwnOrigin({ config }: Services, c: HonoContext): void {
  const origin = c.req.header('origin')
  const own = [config.base_url]
  // Development answers to several names of this machine, and checks the Host header.
  if (config.mode === 'development') own.push(new URL(c.req.url).origin)
  if (!origin || !own.includes(origin)) throw foreignForm()
}

function foreignForm(): ApiError {
  return new ApiError('bad_request', {
    status: 403,
    message: 'This form has expired or belongs to another page. Go back, reload it and try again.',
  })
}

const formLimit = 1_200_000

/** Reads a form, urlencoded or multipart (a file counts as its text), of at most `limit` bytes. Throws `bad_request`. */
export async function readForm(request: Request, limit: number = formLimit): Promise<Form> {
  const bytes = await readBody(request, limit)
  const type = request.headers.get('content-type') ?? ''
  const values = type.startsWith('multipart/form-data')
    ? await multipart(bytes, type)
    : [...parseFields(decodeUTF8(bytes))]
  for (const [, value] of values) assertStorable(value)
  return formOf(values)
}

async function multipart(bytes: Uint8Array, type: string): Promise<[string, string][]> {
  try {
    const body = new Uint8Array(bytes)
    const data = await new Response(body, { headers: { 'content-type': type } }).formData()
    return await Promise.all(
      [...data].map(
        async ([name, value]): Promise<[string, string]> => [
          name,
          typeof value === 'string' ? value : await textOf(value),
        ],
      ),
    )
  } catch (cause) {
    if (cause instanceof ApiError) throw cause
    throw new ApiError('bad_request', { message: 'The form could not be read.', cause })
  }
}

async function textOf(file: File): Promise<string> {
  const text = await file.text()
  if (text.includes('\0'))
    throw new ApiError('bad_request', {
      message: `The file ${file.name} is no text (UTF-8). Choose the document itself, such as an XML file.`,
    })
  return text
}

/** A form of these values. */
export function formOf(values: readonly (readonly [string, string])[]): Form {
  const raw = (name: string) => values.find(([each]) => each === name)?.[1] ?? ''
  return {
    raw,
    text: (name) => raw(name).trim(),
    list: (name) =>
      values
        .filter(([each]) => each === name)
        .map(([, value]) => value.trim())
        .filter((value) => value !== ''),
    flag: (name) => raw(name) === 'on',
  }
}
