/**
 * The messages of PostgreSQL's protocol that run a prepared statement, put together in one buffer: a
 * statement is one write to the socket.
 */
import pg from 'pg'

// `pg` has it, its types do not: how it makes text of arrays, objects and dates.
const { prepareValue } = (pg as typeof pg & { utils: { prepareValue(value: unknown): unknown } })
  .utils

const usualSize = 16_384
const keptSize = 1_048_576
let scratch = Buffer.allocUnsafe(usualSize)
let end = 0

const executeAndSync = Buffer.from([0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0x53, 0, 0, 0, 4])

export interface Step {
  name: string
  /** Sent along where the connection has not prepared the statement yet. */
  text?: string | undefined
  /** Whether its columns are asked for. */
  describe: boolean
  values: readonly unknown[]
}

/** What prepares (where it must), binds and executes a statement, and ends the exchange. */
export function executeMessage({ name, text, describe, values }: Step): Buffer {
  // All of them before the first is written: what `toJSON` of a value does cannot get in between.
  const encoded = values.map(encode)
  end = 0
  if (text !== undefined) writeParse(name, text)
  if (describe) writeDescribe(name)
  writeBind(name, encoded)
  reserve(executeAndSync.length)
  end += executeAndSync.copy(scratch, end)
  const message = Buffer.allocUnsafe(end)
  scratch.copy(message, 0, 0, end)
  if (scratch.length > keptSize) scratch = Buffer.allocUnsafe(usualSize)
  return message
}

/** A value as `pg` sends it: null, text, or bytes. */
function encode(value: unknown): string | Buffer | null {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return null
  if (value instanceof Date && isPlain(value)) return `${value.toISOString().slice(0, -1)}+00:00`
  const prepared = prepareValue(value)
  if (prepared === null || prepared === undefined) return null
  return prepared instanceof Buffer ? prepared : String(prepared)
}

/** Whether ISO 8601 in UTC is what `pg` writes: the local time with its offset. */
function isPlain(date: Date): boolean {
  const year = date.getUTCFullYear()
  return year > 0 && year < 10_000 && date.getTimezoneOffset() === 0
}

function writeParse(name: string, text: string): void {
  const start = open(0x50)
  writeCString(name)
  writeCString(text)
  writeInt16(0) // PostgreSQL finds the types of the parameters
  close(start)
}

function writeDescribe(name: string): void {
  const start = open(0x44)
  writeCString(`S${name}`)
  close(start)
}

function writeBind(name: string, values: readonly (string | Buffer | null)[]): void {
  const start = open(0x42)
  writeCString('') // the portal
  writeCString(name)
  writeInt16(values.length)
  for (const value of values) writeInt16(typeof value === 'object' && value ? 1 : 0)
  writeInt16(values.length)
  for (const value of values) writeValue(value)
  writeInt16(0) // every column as text
  close(start)
}

function writeValue(value: string | Buffer | null): void {
  const start = end
  reserve(4)
  end += 4
  writeInt32(value === null ? -1 : writeContent(value), start)
}

function writeContent(value: string | Buffer): number {
  if (typeof value === 'string') return writeText(value)
  reserve(value.length)
  end += value.copy(scratch, end)
  return value.length
}

function open(code: number): number {
  reserve(5)
  scratch[end] = code
  end += 5
  return end - 4
}

/** Writes the length of the message whose body has been written, before it. */
function close(start: number): void {
  writeInt32(end - start, start)
}

function writeCString(text: string): void {
  if (text.includes('\0')) throw new Error('the text of a statement contains a NUL')
  writeText(text)
  reserve(1)
  scratch[end++] = 0
}

function writeText(text: string): number {
  reserve(text.length * 3)
  const written = scratch.write(text, end)
  end += written
  return written
}

function writeInt16(value: number): void {
  reserve(2)
  scratch[end++] = value >>> 8
  scratch[end++] = value
}

function writeInt32(value: number, at: number): void {
  scratch[at] = value >>> 24
  scratch[at + 1] = value >>> 16
  scratch[at + 2] = value >>> 8
  scratch[at + 3] = value
}

function reserve(bytes: number): void {
  if (end + bytes <= scratch.length) return
  const larger = Buffer.allocUnsafe(Math.max(scratch.length * 2, end + bytes))
  scratch.copy(larger, 0, 0, end)
  scratch = larger
}
