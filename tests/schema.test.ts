import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { sql } from 'kysely'
import { server } from './harness.ts'

interface Column {
  type: string
  nullable: boolean
  has_default: boolean
}

type Tables = Record<string, Record<string, Column>>

const types: Record<string, string> = {
  text: 'string',
  bytea: 'Buffer',
  boolean: 'boolean',
  integer: 'number',
  smallint: 'number',
  'timestamp with time zone': 'Date',
  ARRAY: 'string[]',
  jsonb: 'json',
}

/** What the migrations made, in TypeScript's words. */
async function migrated(): Promise<Tables> {
  const { services } = await server()
  const { rows } = await sql<Record<string, string | null>>`
    select table_name, column_name, data_type, is_nullable, column_default
    from information_schema.columns
    where table_schema = current_schema() and table_name <> 'migrations'`.execute(services.db)
  const tables: Tables = {}
  for (const row of rows) {
    const table = row.table_name!
    tables[table] ??= {}
    tables[table][row.column_name!] = {
      type: types[row.data_type!] ?? `unknown: ${row.data_type}`,
      nullable: row.is_nullable === 'YES',
      has_default: row.column_default !== null,
    }
  }
  return tables
}

/** What src/db/schema*.ts declare: the interface of each table that `Schema` names. */
async function declared(): Promise<Tables> {
  const files = ['schema', 'schema-operations', 'schema-views']
  const sources = files.map((name) =>
    readFile(new URL(`../src/db/${name}.ts`, import.meta.url), 'utf8'),
  )
  const source = (await Promise.all(sources)).join('\n')
  const interfaces = new Map<string, { base: string | undefined; body: string }>()
  const pattern = /^export interface (\w+)(?: extends (\w+))? \{\n(.*?)^\}/gms
  for (const [, name = '', base, body = ''] of source.matchAll(pattern))
    interfaces.set(name, { base, body })
  const columnsOf = (name: string): Record<string, Column> => {
    const { base, body } = interfaces.get(name)!
    const own = [...body.matchAll(/^ {2}(\w+): (.+?)(?=\n {2}\w+:|\n*$(?![\s\S]))/gms)]
    return {
      ...(base && columnsOf(base)),
      ...Object.fromEntries(own.map(([, column = '', type = '']) => [column, toColumn(type)])),
    }
  }
  const named = interfaces.get('Schema')!.body + interfaces.get('OperationsSchema')!.body
  const tables = named.matchAll(/^ {2}(\w+): (\w+)$/gm)
  return Object.fromEntries(
    [...tables].map(([, table = '', name = '']) => [table, columnsOf(name)]),
  )
}

function toColumn(declaration: string): Column {
  const has_default = /^(Generated|JsonDefault)</.test(declaration)
  const type = declaration.replace(/^Generated<(.*)>$/s, '$1')
  const nullable = type.endsWith(' | null') || type.startsWith('ColumnType<')
  return { type: wordOf(type.replace(/ \| null$/, '')), nullable, has_default }
}

function wordOf(type: string): string {
  if (/^(Json|JsonDefault|ColumnType)</.test(type)) return 'json'
  const text = /^'[a-z_A-Z]+'( \| '[a-z_A-Z]+')*$/.test(type)
  return text || ['MemberStatus', 'ConnectionType', 'AdminRole'].includes(type) ? 'string' : type
}

const views = ['organization_objects', 'member_objects']

test('src/db/schema.ts declares exactly the tables and columns that the migrations make', async () => {
  const [database, code] = await Promise.all([migrated(), declared()])
  assert.deepEqual(Object.keys(code).sort(), Object.keys(database).sort())
  for (const [table, columns] of Object.entries(code)) {
    const made = database[table]!
    assert.deepEqual(Object.keys(columns).sort(), Object.keys(made).sort(), table)
    for (const [column, { type, nullable, has_default }] of Object.entries(columns)) {
      const name = `${table}.${column}`
      assert.equal(type, made[column]!.type, name)
      if (views.includes(table)) continue // PostgreSQL knows neither for a view
      assert.equal(nullable, made[column]!.nullable, `${name} may be null`)
      assert.equal(has_default, made[column]!.has_default, `${name} has a default`)
    }
  }
})
