/** What the largest posts of strangers cost the server, in CPU. */
import type { Hono } from 'hono'
import { type Arena, begin } from './arena.ts'
import { ATTACKS } from './corpus.ts'
import { type Exchange, inSignature, replace } from './exchange.ts'
import { LARGEST } from './exhaustion.ts'

/** Fills a genuine answer up to the largest size by what the fuzzer and profiling found to be slow. */
const fill = (e: Exchange, unit: string, around: [string, string] = ['', '']) => {
  const room = LARGEST - Buffer.byteLength(e.genuine) - around.join('').length
  const times = Math.floor(room / Buffer.byteLength(unit))
  return `${around[0]}${unit.repeat(times)}${around[1]}`
}
const before = (e: Exchange, content: string) =>
  replace(e.genuine, '<samlp:Status>', `${content}<samlp:Status>`)
const attributes = (count: number, length: number) =>
  Array.from({ length: count }, (_, i) => ` a${i}="${'x'.repeat(length)}"`).join('')
const declarations = (count: number) =>
  Array.from({ length: count }, (_, i) => ` xmlns:n${i}="urn:n${i}"`).join('')

const FOUND: Record<string, (e: Exchange) => string> = {
  'elements of 8 attributes in a namespace': (e) =>
    before(
      e,
      fill(e, `<n0:a${Array.from({ length: 8 }, (_, i) => ` n${i}:x=""`).join('')}/>`, [
        `<a${declarations(16)}>`,
        '</a>',
      ]),
    ),
  '4,990 elements of one long name': (e) => before(e, `<${'a'.repeat(45)}/>`.repeat(4_990)),
  'elements with an undeclared prefix at the end': (e) =>
    before(e, `${'<a/>'.repeat(4_900)}<x:x/>`),
  '31 attributes of 8 KiB': (e) => before(e, `<a${attributes(31, 8_000)}/>`),
  '4,999 references in texts': (e) => before(e, `<a>${'&#x1F600;&amp;'.repeat(2_499)}</a>`),
  '24 levels of 16 declarations': (e) =>
    before(
      e,
      `<a${declarations(16)}>`.repeat(22) +
        '<n0:b n1:c="" n15:d=""/>'.repeat(4_900) +
        '</a>'.repeat(22),
    ),
  'a changed Assertion of 4,900 elements': (e) =>
    replace(
      e.genuine,
      '</saml:AttributeStatement>',
      `${'<saml:Attribute a="b" c="d" Name="xxxxxxxx"/>'.repeat(4_900)}</saml:AttributeStatement>`,
    ),
  'a changed Assertion of 16 declarations an element': (e) =>
    replace(
      e.genuine,
      '</saml:AttributeStatement>',
      `${`<n0:a${declarations(16)} n1:x="" n2:x="" n15:x=""/>`.repeat(600)}</saml:AttributeStatement>`,
    ),
  'a changed Assertion that grows to the largest canonical form': (e) =>
    replace(
      e.genuine,
      '</saml:AttributeStatement>',
      `<saml:Attribute Name="a">${`<saml:AttributeValue>${'>>a'.repeat(20_000)}</saml:AttributeValue>`.repeat(4)}</saml:Attribute></saml:AttributeStatement>`,
    ),
  'a PrefixList of 16 over 4,900 elements': (e) => {
    const list = `<c:InclusiveNamespaces xmlns:c="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="${Array.from({ length: 16 }, (_, i) => `n${i}`).join(' ')}"/>`
    const signature = e.signature.replace(
      'xml-exc-c14n#"></ds:Transform>',
      () => `xml-exc-c14n#">${list}</ds:Transform>`,
    )
    return replace(
      replace(e.genuine, e.signature, signature),
      '</saml:AttributeStatement>',
      `${'<saml:Attribute Name="xxxxx"/>'.repeat(4_900)}</saml:AttributeStatement>`,
    )
  },
  'a KeyInfo of 4,900 elements': (e) =>
    replace(
      e.genuine,
      e.signature,
      inSignature(
        e.signature,
        `<ds:KeyInfo>${'<a><b>xxxxxxxxxxxxx</b></a>'.repeat(2_400)}</ds:KeyInfo>`,
      ),
    ),
  'white space in base64': (e) => e.genuine,
}
const SPACED = 'white space in base64'

/** Whole forms, of the largest size that is read. */
const FORMS: Record<string, string> = {
  'a form of 200,000 fields': 'a&'.repeat(200_000),
  'a form of 25,000 Responses': 'SAMLResponse=a&'.repeat(25_000),
  'a Response of escapes': `SAMLResponse=${'%41'.repeat(130_000)}`,
  'a Response of escapes that are none': `SAMLResponse=${'%'.repeat(390_000)}`,
}

/** A post that nobody is signed in for, and the CPU that it took, in milliseconds. */
export interface Cost {
  name: string
  bytes: number
  cpu_ms: number
}

/** Posts every payload `rounds` times without cookie or RelayState; the cost of each is the median. */
export async function measureAnonymousPosts(
  app: Hono,
  arena: Arena,
  rounds: number,
): Promise<Cost[]> {
  const { exchange } = await begin(arena)
  const payloads = [
    ...ATTACKS.filter((vector) => vector.class === 'L').map(({ name, build }) => ({ name, build })),
    ...Object.entries(FOUND).map(([name, build]) => ({ name, build })),
  ]
  const answers = payloads.map(({ name, build }) => {
    const xml = build(exchange)
    const base64 = Buffer.from(xml).toString('base64')
    const field = name === SPACED ? base64.replaceAll(/(.)/g, '$1\n').padEnd(350_000, ' ') : base64
    const body = new URLSearchParams({ SAMLResponse: field }).toString()
    return { name, bytes: xml.length, body }
  })
  const forms = Object.entries(FORMS).map(([name, body]) => ({ name, bytes: body.length, body }))
  const costs: Cost[] = []
  for (const { name, bytes, body } of [...answers, ...forms]) {
    const times: number[] = []
    for (let i = 0; i <= rounds; i += 1) times.push(await cpuOf(app, arena.acs, body))
    // the first one warms up
    const cpu_ms = times.slice(1).toSorted((a, b) => a - b)[Math.floor(rounds / 2)]!
    costs.push({ name, bytes, cpu_ms })
  }
  return costs.toSorted((a, b) => b.cpu_ms - a.cpu_ms)
}

async function cpuOf(app: Hono, acs: string, body: string): Promise<number> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const request = new Request(acs, { method: 'POST', body, headers })
  const began = process.cpuUsage()
  const response = await app.request(request)
  const { user, system } = process.cpuUsage(began)
  if (response.status < 400) throw new Error('let in')
  return (user + system) / 1000
}
