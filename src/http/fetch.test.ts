import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTLSServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { selfSignedCertificate } from '../test-idp/certificate.ts'
import { type GuardedInit, type GuardOptions, guardedFetch } from './fetch.ts'
import type { OutboundErrorCode } from './outbound-error.ts'

const laptop: GuardOptions = { allowed_private_hosts: [], development: true }
const production: GuardOptions = { allowed_private_hosts: [], development: false }

let server: Server
let port: number
let here: string
let requests: { url: string; headers: NodeJS.Dict<string | string[]>; body: string }[] = []
let answer: RequestListener

before(async () => {
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      requests.push({ url: request.url ?? '', headers: request.headers, body })
      answer(request, response)
    })
  })
  port = await listen(server)
  here = `http://127.0.0.1:${port}/`
})

after(() => closeServer(server))

beforeEach(() => {
  requests = []
  answer = reply(200, { 'content-type': 'application/json' })
})

function reply(status: number, headers: Record<string, string>, body = '{}'): RequestListener {
  return (_request, response) => response.writeHead(status, headers).end(body)
}

async function listen(it: Server): Promise<number> {
  await new Promise<void>((resolve) => it.listen(0, '127.0.0.1', resolve))
  return (it.address() as AddressInfo).port
}

async function closeServer(it: Server): Promise<void> {
  it.closeAllConnections()
  await new Promise((resolve) => it.close(resolve))
}

/** Requests once with a client of its own and closes it. */
async function once(options: GuardOptions, url: string, init: GuardedInit = {}): Promise<Response> {
  const fetch = guardedFetch(options)
  try {
    return await fetch(url, init)
  } finally {
    await fetch.close()
  }
}

type Refusal = [code: OutboundErrorCode, message?: RegExp, init?: GuardedInit]

function refuses(options: GuardOptions, url: string, ...[code, message = /./, init]: Refusal) {
  return assert.rejects(once(options, url, init), { name: 'OutboundError', code, message })
}

function resolving(...answers: string[][]) {
  let calls = 0
  const lookup = async () => {
    const addresses = answers[Math.min(calls, answers.length - 1)] ?? []
    calls += 1
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  }
  return { lookup, calls: () => calls }
}

test('an outbound request refuses a literal address that is not public, in every notation', async () => {
  const hosts = [
    ...['127.0.0.1', '127.1', '127.0.0.1.', '2130706433', '0x7f.1', '0177.0.0.1', '0x7f000001'],
    ...['0.0.0.0', '0', '10.1.2.3', '172.16.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1'],
    ...['192.0.2.1', '198.18.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
    ...['１２７.0.0.1', '127。0。0。1', '%31%32%37.0.0.1'],
    ...['[::1]', '[::]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]'],
    ...['[::ffff:10.1.2.3]', '[::127.0.0.1]', '[::ffff:0:127.0.0.1]', '[64:ff9b::7f00:1]'],
    ...['[64:ff9b:1::7f00:1]', '[2002:7f00:1::]', '[2001::1]', '[fe80::1]', '[fec0::1]'],
    ...['[fc00::1]', '[fd00::1]', '[ff02::1]', '[2001:db8::1]', '[100::1]', '[4000::1]'],
  ]
  for (const host of hosts) await refuses(production, `https://${host}/`, 'blocked_address')
})

test('an outbound request refuses a name that resolves to an address that is not public', async () => {
  const addresses = ['127.0.0.1', '10.1.2.3', '169.254.169.254', '100.64.0.1', '0.0.0.0']
  const longer = ['::1', 'fd00::1', 'fe80::1', '::ffff:127.0.0.1', '64:ff9b::a01:203', '2002::1']
  for (const address of [...addresses, ...longer]) {
    const { lookup } = resolving([address])
    await refuses({ ...production, lookup }, 'https://idp.corp/', 'blocked_address')
  }
  await refuses(production, 'https://localhost/', 'blocked_address')
})

test('an outbound request says what kind of address it is, not which, and what an operator can do', async () => {
  const { lookup } = resolving(['10.1.2.3'])
  const options = { ...production, lookup }
  const setting = 'PORTCULLIS_ALLOWED_PRIVATE_HOSTS=idp\\.corp'
  const sentence = `^idp\\.corp resolves to a private address; .* ${setting}$`
  await refuses(options, 'https://idp.corp/', 'blocked_address', new RegExp(sentence))
  const metadata = resolving(['169.254.169.254'])
  const never = /not a public address, and never requested$/
  await refuses({ ...laptop, ...metadata }, 'https://idp.corp/', 'blocked_address', never)
})

test('an outbound request asks for the address of a name once and connects to no other than it has checked', async () => {
  const ports = [port]
  // 3000::1 is global unicast that nobody has: going there fails.
  const rebinding = resolving(['3000::1'], ['127.0.0.1'])
  const options = { ...production, ports, timeout_ms: 200 }
  const fetch = guardedFetch({ ...options, lookup: rebinding.lookup })
  await assert.rejects(fetch(`https://idp.test:${port}/`), { name: 'OutboundError' })
  assert.equal(rebinding.calls(), 1)
  await assert.rejects(fetch(`https://idp.test:${port}/`), { code: 'blocked_address' })
  await fetch.close()

  const mixed = resolving(['3000::1', '127.0.0.1'])
  const unreached = { name: 'OutboundError', code: /^(unreachable|timeout)$/ }
  await assert.rejects(
    once({ ...options, lookup: mixed.lookup }, `https://idp.test:${port}/`),
    unreached,
  )
  assert.equal(requests.length, 0)
})

test('an outbound request takes https on port 443 alone', async () => {
  await refuses(production, 'http://idp.example.com/', 'not_https')
  await refuses(production, 'https://idp.example.com:8443/', 'blocked_port')
  for (const url of ['file:///etc/passwd', 'ftp://idp.example.com/', 'data:,x', '', '/x']) {
    await refuses(laptop, url, 'invalid_url')
  }
  await refuses(laptop, 'https://user:password@idp.example.com/', 'invalid_url')
})

test('an outbound request reaches a private host, plain http and any port where the operator lists it', async () => {
  const { lookup } = resolving(['127.0.0.1'])
  const url = `http://IdP.corp:${port}/`
  for (const entry of ['idp.corp', 'IDP.corp', `idp.corp:${port}`]) {
    const options = { ...production, lookup, allowed_private_hosts: ['other.corp', entry] }
    assert.equal((await once(options, url)).status, 200)
  }
  for (const entry of [`127.0.0.1:${port}`, '127.0.0.1', `[::ffff:127.0.0.1]:${port}`]) {
    const host = entry.startsWith('[') ? '[::ffff:127.0.0.1]' : '127.0.0.1'
    const options = { ...production, allowed_private_hosts: [entry] }
    assert.equal((await once(options, `http://${host}:${port}/`)).status, 200)
  }
  for (const entry of ['corp', 'dp.corp', 'idp.corp.', 'idp.corp:1']) {
    const options = { ...production, lookup, allowed_private_hosts: [entry] }
    await refuses(options, url, 'not_https')
  }
})

test('an outbound request reaches this machine over plain http in development', async () => {
  const response = await once(laptop, `http://127.0.0.1:${port}/path?query`)
  assert.deepEqual(await response.json(), {})
  assert.equal(requests[0]?.url, '/path?query')
  await refuses(laptop, `http://0.0.0.0:${port}/`, 'blocked_address')
})

test('an outbound request sends method, headers and form, and no cookie goes out or in', async () => {
  answer = reply(200, { 'content-type': 'application/json', 'set-cookie': 'a=b', etag: '"1"' })
  const response = await once(laptop, here, {
    method: 'POST',
    headers: { authorization: 'Basic x', cookie: 'a=b' },
    body: new URLSearchParams({ code: 'a b' }),
  })
  const [sent] = requests
  assert.deepEqual([sent?.body, sent?.headers.authorization], ['code=a+b', 'Basic x'])
  assert.equal(sent?.headers.cookie, undefined)
  assert.equal(response.headers.get('set-cookie'), null)
  assert.equal(response.headers.get('etag'), '"1"')
})

test('an outbound request follows no redirect', async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    answer = reply(status, { location: `${here}elsewhere` })
    await refuses(laptop, here, 'redirect')
  }
  assert.equal(requests.length, 5)
})

test('an outbound request takes at most 256 KiB, counted while they come', async () => {
  let open = true
  answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.on('close', () => {
      open = false
    })
    const write = () => {
      while (open && response.write('x'.repeat(16_384)));
    }
    response.on('drain', write)
    write()
  }
  await refuses(laptop, here, 'too_large', /262144 bytes/)

  answer = reply(200, { 'content-type': 'application/json' }, 'x'.repeat(262_144))
  const full = await once(laptop, here)
  assert.equal((await full.text()).length, 262_144)
})

test('an outbound request gives up in time on a name, an answer or a body that does not come', async () => {
  const options = { ...laptop, timeout_ms: 100 }
  const silent = { ...options, lookup: () => new Promise<never>(() => {}) }
  const fetch = guardedFetch(silent)
  await assert.rejects(fetch('https://idp.corp/'), { code: 'timeout' })

  answer = () => {}
  await refuses(options, here, 'timeout')

  answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const drip = setInterval(() => response.write(' '), 20)
    response.on('close', () => clearInterval(drip))
  }
  await refuses(options, here, 'timeout', /within 100 ms/)
})

test('an outbound request takes JSON and XML, or the media types that a caller names', async () => {
  const json = ['application/json; charset=utf-8', 'Application/JWK-Set+JSON']
  const xml = ['application/samlmetadata+xml', 'text/xml']
  const named: GuardedInit = { content_types: ['application/jwt'] }
  for (const type of [...json, ...xml, 'text/html', 'image/svg+xml', 'application/jwt', '']) {
    answer = reply(200, type === '' ? {} : { 'content-type': type })
    if ([...json, ...xml].includes(type)) assert.equal((await once(laptop, here)).status, 200)
    else await refuses(laptop, here, 'wrong_content_type')
    if (type === 'application/jwt') assert.equal((await once(laptop, here, named)).status, 200)
    else await refuses(laptop, here, 'wrong_content_type', /./, named)
  }
})

test('an outbound request hands on an error, its body only where that is JSON or XML', async () => {
  for (const [type, body] of [['application/json', '{}'] as const, ['text/html', ''] as const]) {
    answer = reply(400, { 'content-type': type })
    const response = await once(laptop, here)
    assert.deepEqual([response.status, await response.text()], [400, body])
  }
})

test('an outbound request says plainly that nobody answers', async () => {
  const idle = createServer()
  const free = await listen(idle)
  await closeServer(idle)
  await refuses(laptop, `http://127.0.0.1:${free}/`, 'unreachable', /ECONNREFUSED/)
  const nowhere = resolving([])
  await refuses({ ...laptop, ...nowhere }, 'https://idp.corp/', 'unreachable', /no address/)
})

test('an outbound request keeps connections open between requests, and ends them on close', async () => {
  const fetch = guardedFetch(laptop)
  const sockets = new Set<unknown>()
  answer = (request, response) => {
    sockets.add(request.socket)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  }
  for (let round = 0; round < 10; round += 1) {
    await (await fetch(here)).text()
  }
  assert.ok(sockets.size <= 2, `${sockets.size} connections for ten requests`)
  await fetch.close()
  await assert.rejects(fetch(here))
})

test('an outbound request checks the certificate against the name', async () => {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const certificate = selfSignedCertificate('idp.corp', keys, new Date())
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' })
  const secure = createTLSServer({ key, cert: certificate }, (...args) => answer(...args))
  const securePort = await listen(secure)
  const trusted = getCACertificates('default')
  try {
    const { lookup } = resolving(['127.0.0.1'])
    const options = { ...production, lookup, allowed_private_hosts: ['idp.corp', 'other.corp'] }
    const url = `https://idp.corp:${securePort}/`
    await refuses(options, url, 'unreachable', /not trusted here .*NODE_EXTRA_CA_CERTS/)
    setDefaultCACertificates([...trusted, certificate])
    assert.equal((await once(options, url)).status, 200)
    await refuses(options, `https://other.corp:${securePort}/`, 'unreachable', /ALTNAME/)
  } finally {
    setDefaultCACertificates(trusted)
    await closeServer(secure)
  }
})
