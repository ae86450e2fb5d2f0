/** How the official SDKs of other languages write a call: what they send was recorded from them. */
import type { TestProject } from '../harness.ts'
import { type Call, pathOf } from './calls.ts'
import { contractOf, type Field } from './contract.ts'
import type { RawRequest } from './raw-http.ts'
import { endpointOf, type MethodId } from './types.ts'

type Writer = (id: MethodId, call: Call, project: TestProject) => RawRequest

const json = { 'Content-Type': 'application/json' }

/** Python: path parameters also in the query of a GET and in the body; a DELETE with no body. */
const python: Writer = (id, call, { authorization }) => {
  const { method } = endpointOf[id]
  const headers = { ...json, 'User-Agent': 'Stytch Python v15.3.0', Authorization: authorization }
  if (method === 'GET') return { method, target: pathOf(id, withParamsInQuery(call)), headers }
  const target = pathOf(id, call)
  if (method === 'DELETE') return { method, target, headers: { ...headers, 'Content-Length': '0' } }
  return { method, target, headers, body: JSON.stringify({ ...call.params, ...call.body }) }
}

/**
 * Java: two slashes where the base URL ends in one, path parameters as they are, and empty lists and maps
 * for those that were not given; enumerations without hyphens.
 */
const java: Writer = (id, call, { authorization }) => {
  const { method } = endpointOf[id]
  const headers = { ...json, 'User-Agent': 'Stytch Java v11.1.0', Authorization: authorization }
  const asked = method === 'GET' ? withParamsInQuery(call) : call
  const target = `/${pathOf(id, asked, (text) => text)}`
  if (method === 'GET') return { method, target, headers }
  if (method === 'DELETE') return { method, target, headers: { ...headers, 'Content-Length': '0' } }
  const absent = Object.fromEntries(
    contractOf(endpointOf[id])
      .body.filter((field) => isList(field) || isMap(field))
      .map((field) => [field.name, isList(field) ? [] : {}]),
  )
  const body = withoutHyphens({ ...absent, ...call.params, ...call.body })
  return { method, target, headers, body: JSON.stringify(body) }
}

/**
 * Rust: everything but letters and digits percent-encoded in paths, a body on every request, null for what
 * was not given, a lone `?`.
 */
const rust: Writer = (id, call, { authorization }) => {
  const { method } = endpointOf[id]
  const headers = { ...json, 'User-Agent': 'stytch-rust 11.1.0', Authorization: authorization }
  const { body: fields, query_params } = contractOf(endpointOf[id])
  const asked = method === 'GET' ? withParamsInQuery(call) : call
  const path = pathOf(id, asked, encodeAll)
  const target = path.includes('?') ? path : `${path}?`
  if (id === 'sessions.getJWKS') return { method, target, headers, body: 'null' }
  if (method === 'GET') return { method, target, headers, body: '{}' }
  const absent = [...fields, ...query_params].map((field) => [field.name, null])
  const given = { ...Object.fromEntries(absent), ...call.params, ...call.body }
  return { method, target, headers, body: JSON.stringify(withoutHyphens(given)) }
}

/** Go: path parameters also in bodies, nothing on GET and DELETE, the JWKS with two slashes and no Basic. */
const go: Writer = (id, call, { authorization }) => {
  const { method } = endpointOf[id]
  const headers = { ...json, 'User-Agent': 'Stytch Go v18.1.0' }
  if (id === 'sessions.getJWKS') return { method, target: `/${pathOf(id, call)}`, headers: {} }
  const target = pathOf(id, call)
  const request = { method, target, headers: { ...headers, Authorization: authorization } }
  if (method === 'GET' || method === 'DELETE') return request
  return { ...request, body: JSON.stringify({ ...call.params, ...call.body }) }
}

export const writers = { python, java, rust, go }

function withParamsInQuery(call: Call): Call {
  const query = { ...call.params, ...call.query }
  return { ...call, query: query.include_deleted ? { ...query, include_deleted: 'True' } : query }
}

function encodeAll(text: string): string {
  const bytes = [...Buffer.from(text)]
  return bytes
    .map((byte) => {
      const character = String.fromCharCode(byte)
      const hex = byte.toString(16).toUpperCase().padStart(2, '0')
      return /[A-Za-z0-9]/.test(character) ? character : `%${hex}`
    })
    .join('')
}

function isList(field: Field): boolean {
  return field.type.endsWith('[]')
}

function isMap(field: Field): boolean {
  return field.type.startsWith('map<')
}

function withoutHyphens(body: Record<string, unknown>): Record<string, unknown> {
  const { identity_provider } = body
  if (typeof identity_provider !== 'string') return body
  return { ...body, identity_provider: identity_provider.replaceAll('-', '') }
}
