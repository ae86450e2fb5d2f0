/** The wire contract as data (`b2b-api.json`), and the check of an answer against it. */
import { readFileSync } from 'node:fs'
import type { Endpoint } from '../../src/http/endpoint.ts'

export interface Field {
  name: string
  type: string
  optional: boolean
  values?: string[]
  open_enum?: boolean
}

export interface ContractEndpoint {
  id: string
  method: Endpoint['method']
  path: string
  member_session_headers: boolean
  path_params: Field[]
  query_params: Field[]
  body: Field[]
  response: Field[]
}

interface Contract {
  endpoints: ContractEndpoint[]
  types: { name: string; fields?: Field[] }[]
}

export const contract: Contract = JSON.parse(
  readFileSync(new URL('b2b-api.json', import.meta.url), 'utf8'),
)

/** The fields of an object of the contract, by its name. */
export const fieldsOf = new Map(contract.types.map((type) => [type.name, type.fields]))

/** The endpoint of the contract that one of ours serves, by method and path. */
export function contractOf(endpoint: Pick<Endpoint, 'method' | 'path'>): ContractEndpoint {
  const path = endpoint.path.replace(/:(\w+)/g, '{$1}')
  const found = contract.endpoints.find(
    (each) => each.method === endpoint.method && each.path === path,
  )
  if (!found) throw new Error(`the contract has no ${endpoint.method} ${path}`)
  return found
}

/** Python, Java and Rust refuse other values, whatever the Node SDK's type says. */
const closed = new Set(['AuthenticationFactor.type', 'AuthenticationFactor.delivery_method'])
const second = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

/**
 * What an answer lacks or has wrongly, each with its place; nothing where it is as the contract says. The
 * names of the objects that were met go into `seen`.
 */
export function violations(
  value: unknown,
  fields: readonly Field[],
  at: string,
  type = '',
  seen = new Set<string>(),
): string[] {
  seen.add(type)
  if (!isObject(value)) return [`${at} is no object: ${JSON.stringify(value)}`]
  return fields.flatMap((field) => {
    const place = `${at}.${field.name}`
    const entry = value[field.name]
    if (entry === undefined || entry === null) return field.optional ? [] : [`${place} is ${entry}`]
    return [...ofType(entry, field.type, place, seen), ...ofValues(entry, field, place, type)]
  })
}

function ofValues(value: unknown, field: Field, place: string, type: string): string[] {
  if (field.name.endsWith('_at') && !second.test(String(value)))
    return [`${place} is no moment to the second: ${JSON.stringify(value)}`]
  const isClosed = field.open_enum === false || closed.has(`${type}.${field.name}`)
  if (isClosed && field.values && !field.values.includes(String(value)))
    return [`${place} is none of the known values: ${value}`]
  return []
}

function ofType(value: unknown, type: string, place: string, seen: Set<string>): string[] {
  const array = type.match(/^(.+)\[\]$/)?.[1]
  if (array)
    return Array.isArray(value)
      ? value.flatMap((item, index) => ofType(item, array, `${place}[${index}]`, seen))
      : [`${place} is no list`]
  const map = type.match(/^map<string,(.+?)>/)?.[1]
  if (map)
    return isObject(value)
      ? Object.entries(value).flatMap(([key, entry]) => ofType(entry, map, `${place}.${key}`, seen))
      : [`${place} is no map`]
  if (type === 'any') return []
  if (type === 'number')
    return Number.isInteger(value) ? [] : [`${place} is no integer: ${JSON.stringify(value)}`]
  if (type === 'string' || type === 'boolean')
    return typeof value === type ? [] : [`${place} is no ${type}: ${JSON.stringify(value)}`]
  const fields = fieldsOf.get(type)
  if (!fields) throw new Error(`the contract does not say what ${type} is`)
  return violations(value, fields, place, type, seen)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
