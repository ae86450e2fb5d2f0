/** HTTP over a bare socket: what `fetch` would correct goes out as it is. */
import { connect } from 'node:net'
import { listening } from './listening.ts'

export interface RawAnswer {
  status: number
  headers: Headers
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
  body: any
}

export interface RawRequest {
  method: string
  /** Path and query, exactly as they go into the request line. */
  target: string
  headers?: Record<string, string>
  body?: string | Uint8Array
}

/** Sends a request and reads its answer; Content-Length is added where there is a body. */
export function exchange({ method, target, headers = {}, body }: RawRequest): Promise<RawAnswer> {
  const bytes = Buffer.from(body ?? '')
  const length = body === undefined ? {} : { 'Content-Length': String(bytes.length) }
  const lines = Object.entries({ Host: 'localhost', Connection: 'close', ...length, ...headers })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return sendBytes([`${method} ${target} HTTP/1.1\r\n${head}\r\n`, bytes])
}

/** Sends bytes, and reads until the server hangs up. */
export async function sendBytes(parts: readonly (string | Uint8Array)[]): Promise<RawAnswer> {
  const { port } = await listening()
  const received = await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => {
      for (const part of parts) socket.write(part)
    })
    socket.setTimeout(10_000, () =>
      socket.destroy(new Error('the server neither answers nor hangs up')),
    )
    socket.on('data', (chunk) => chunks.push(chunk))
    // A refusal may come before all was sent: the rest is then a broken pipe.
    socket.on('error', (error) => (chunks.length > 0 ? undefined : reject(error)))
    socket.on('close', () => resolve(Buffer.concat(chunks)))
  })
  return parseAnswer(received)
}

function parseAnswer(received: Buffer): RawAnswer {
  const end = received.indexOf('\r\n\r\n')
  const [status = '', ...lines] = received.subarray(0, end).toString('latin1').split('\r\n')
  const headers = new Headers(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1).trim()]
    }),
  )
  const rest = received.subarray(end + 4)
  const text = (headers.get('transfer-encoding') === 'chunked' ? joinChunks(rest) : rest).toString()
  return { status: Number(status.split(' ')[1]), headers, text, body: parseJSON(text) }
}

function joinChunks(rest: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const line = rest.indexOf('\r\n', at)
    const size = Number.parseInt(rest.subarray(at, line).toString(), 16)
    if (!(size > 0)) return Buffer.concat(parts)
    parts.push(rest.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
}

function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
