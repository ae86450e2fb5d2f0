/** Sockets: how an application is put on one, and how it is taken off again. */
import { createServer, type Server, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { getRequestListener, RequestError } from '@hono/node-server'

/** What answers; `env` holds the socket (`HttpBindings` of @hono/node-server). */
type Fetch = (request: Request, env?: object) => Response | Promise<Response>

export interface Listener {
  /** The port that was taken, where 0 was asked for. */
  port: number
  /** From now on requests go here; before, they wait. */
  answer(fetch: Fetch): void
  /** Takes no new requests and lets those under way end, for at most so many milliseconds. */
  close(graceMs: number): Promise<void>
}

/** A port that cannot be had; the message says what to do. */
export class ListenError extends Error {
  override name = 'ListenError'
}

export interface ListenOptions {
  /** What the port is for, in messages. */
  what: string
  /** The option that chooses another port, in messages. */
  option: string
  hosts: readonly string[]
  port: number
  /** The body of the answer to bytes that are no HTTP, for 400, 417, 431 and the like. */
  malformed?: (status: number) => string
}

/**
 * Opens the port on every host (an IPv6 address that this machine lacks is left out); 0 takes a free
 * one, the same on all. Throws ListenError.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  let fetch: Fetch | undefined
  const waiting: (() => void)[] = []
  const ready = async (request: Request, env?: object) => {
    if (!fetch) await new Promise<void>((resolve) => waiting.push(resolve))
    return fetch!(request, env)
  }
  const servers: Server[] = []
  let port = options.port
  try {
    for (const host of options.hosts) {
      const server = await open(ready, host, port, options)
      if (!server) continue
      servers.push(server)
      port = (server.address() as { port: number }).port
    }
  } catch (error) {
    for (const server of servers) server.close()
    throw error
  }
  return {
    port,
    answer(next) {
      fetch = next
      for (const go of waiting.splice(0)) go()
    },
    async close(graceMs) {
      await Promise.all(servers.map((server) => closeServer(server, graceMs)))
    },
  }
}

function open(
  fetch: Fetch,
  host: string,
  port: number,
  options: ListenOptions,
): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createHTTPServer(fetch, options)
    server.listen(port, host)
    server.once('listening', () => resolve(server))
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (host.includes(':') && ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(error.code ?? ''))
        resolve(undefined)
      else reject(explain(error, host, port, options))
    })
  })
}

/** How often the two timeouts below are looked at: Node's own 30 seconds would be added to them. */
const connectionsCheckingInterval = 1_000

/** A server of which every answer is ours, also where Node or the adapter would answer by themselves. */
function createHTTPServer(fetch: Fetch, options: ListenOptions): Server {
  const body = (status: number) => options.malformed?.(status) ?? ''
  const refuse = (status: number) =>
    new Response(body(status), { status, headers: { 'content-type': 'application/json' } })
  const listener = getRequestListener(fetch, {
    errorHandler: (error) => refuse(error instanceof RequestError ? 400 : 500),
  })
  // A missing Host is refused by the adapter: Node's own refusal has no body.
  const server = createServer(
    { requireHostHeader: false, connectionsCheckingInterval },
    (request, response) => {
      void listener(request, response)
    },
  )
  server.requestTimeout = 30_000
  server.headersTimeout = 15_000
  server.on('checkExpectation', (_request, response) => {
    const headers = { 'content-type': 'application/json', connection: 'close' }
    response.writeHead(417, headers).end(body(417))
  })
  server.on('connect', (_request, socket) => answerMalformed(socket as Socket, 400, body))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
    answerMalformed(socket as Socket, statusOf[error.code ?? ''] ?? 400, body),
  )
  return server
}

const statusOf: Record<string, number> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

function explain(error: NodeJS.ErrnoException, host: string, port: number, options: ListenOptions) {
  const { what, option } = options
  const advice = `choose another with ${option}, or 0 for a free one`
  const reason =
    error.code === 'EADDRINUSE'
      ? `Port ${port}, which ${what} needs, is taken by another program: ${advice}.`
      : error.code === 'EACCES'
        ? `Port ${port}, which ${what} needs, is not open to this user: ${advice}.`
        : `${what} cannot listen on ${host} port ${port}: ${error.message}.`
  return new ListenError(reason, { cause: error })
}

function answerMalformed(socket: Socket, status: number, body: (status: number) => string): void {
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy()
    return
  }
  const text = body(status)
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  )
}

async function closeServer(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  // A kept connection that was busy when this began would otherwise go on asking until the end.
  const idle = setInterval(() => server.closeIdleConnections(), 20)
  const timer = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearInterval(idle)
  clearTimeout(timer)
}
