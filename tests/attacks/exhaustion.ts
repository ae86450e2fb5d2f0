import { type Exchange, inSignature, replace, signAssertion } from './exchange.ts'
import { refused, type Vector } from './vector.ts'

/** The largest message that is read at all. */
export const LARGEST = 256 * 1024

/** As many repetitions as fill a message of the largest size, put in before the Status. */
const filled = (e: Exchange, make: (i: number) => string, open = '', close = ''): string => {
  let room = LARGEST - Buffer.byteLength(e.genuine) - open.length - close.length
  let inner = ''
  for (let i = 0; ; i += 1) {
    const next = make(i)
    room -= Buffer.byteLength(next)
    if (next === '' || room < 0) break
    inner += next
  }
  return replace(e.genuine, '<samlp:Status>', `${open}${inner}${close}<samlp:Status>`)
}
const attributesOf = (count: number, name: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => ` ${name(i)}="${i}"`).join('')

/** security.md 1.4: what costs other libraries seconds. All of it is at most 256 KiB. */
export const EXHAUSTION: readonly Vector[] = [
  ...refused('L', 'xml_limit', {
    'empty elements': (e) => filled(e, () => '<a/>'),
    'empty elements with an ID each': (e) => filled(e, (i) => `<a ID="_${i}"/>`),
    nesting: (e) => filled(e, () => '<nested>'),
    '25 levels': (e) =>
      replace(e.genuine, '<samlp:Status>', `${'<a>'.repeat(24)}${'</a>'.repeat(24)}<samlp:Status>`),
    '20,000 attributes': (e) => filled(e, (i) => ` a${i}=""`, '<a', '/>'),
    '33 attributes': (e) =>
      replace(e.genuine, '<samlp:Status>', `<a${attributesOf(33, (i) => `a${i}`)}/><samlp:Status>`),
    'namespace declarations': (e) => filled(e, (i) => ` xmlns:a${i}="urn:a"`, '<a', '/>'),
    '17 namespace declarations': (e) =>
      replace(
        e.genuine,
        '<samlp:Status>',
        `<a${Array.from({ length: 17 }, (_, i) => ` xmlns:n${i}="urn:n"`).join('')}/><samlp:Status>`,
      ),
    'one text of 240 KiB': (e) => filled(e, () => 'a', '<a>', '</a>'),
    'one attribute of 240 KiB': (e) => filled(e, () => 'a', '<a b="', '"/>'),
    'character references': (e) => filled(e, () => '&#65;', '<a>', '</a>'),
    'References in SignedInfo': (e) =>
      replace(
        e.genuine,
        '</ds:SignedInfo>',
        `${'<ds:Reference URI="#x"/>'.repeat(5_100)}</ds:SignedInfo>`,
      ),
    Transforms: (e) =>
      replace(
        e.genuine,
        '</ds:Transforms>',
        `${'<ds:Transform Algorithm="x"/>'.repeat(5_100)}</ds:Transforms>`,
      ),
  }),
  ...refused('L', 'structure', {
    Signatures: (e) =>
      filled(e, () => '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>'),
    '4,900 elements': (e) =>
      filled(e, (i) => (i < 4_900 ? '<a>xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx</a>' : '')),
    '4,900 elements of two attributes': (e) =>
      filled(e, (i) => (i < 4_900 ? `<a b="${i}" c="xxxxxxxxxxxxxxxxxxxxxxxxxxx"/>` : '')),
    '900 elements with 15 namespaces each': (e) =>
      filled(e, (i) =>
        i < 900
          ? `<n0:a${Array.from({ length: 15 }, (_, j) => ` xmlns:n${j}="urn:${j}"`).join('')}/>`
          : '',
      ),
    'elements with 32 attributes each': (e) =>
      filled(e, () => `<a${attributesOf(32, (i) => `a${i}`)}/>`),
    '60 KiB of brackets in text': (e) =>
      replace(e.genuine, '<samlp:Status>', `<a>${']'.repeat(60_000)}</a><samlp:Status>`),
  }),
  ...refused('L', 'xml_size', {
    'one byte more than 256 KiB': (e) => e.genuine.padEnd(LARGEST + 1, ' '),
  }),
  ...refused('L', 'assertion_signature_value', {
    'a SignatureValue of 60 KiB': (e) =>
      signAssertion(e.response(), { editValue: () => 'AAAA'.repeat(15_000) }),
  }),
  ...refused('L', 'assertion_signature_certificate', {
    'a signed Assertion of 200 KiB by somebody else': (e) => {
      const value = `<saml:AttributeValue>${'x'.repeat(50_000)}</saml:AttributeValue>`
      const xml = replace(
        e.genuine,
        '</saml:AttributeStatement>',
        `<saml:Attribute Name="x">${value.repeat(4)}</saml:Attribute></saml:AttributeStatement>`,
      )
      return replace(xml, '<ds:SignatureValue>', '<ds:SignatureValue>AAAA')
    },
    'a certificate of 6 KiB in KeyInfo': (e) => {
      const info = `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${'MIIB'.repeat(1_500)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`
      return replace(
        replace(e.genuine, e.signature, inSignature(e.signature, info)),
        '<ds:SignatureValue>',
        '<ds:SignatureValue>AAAA',
      )
    },
  }),
  ...refused('L', 'assertion_signature_digest', {
    '4,800 attributes in a changed Assertion': (e) =>
      replace(
        e.genuine,
        '</saml:AttributeStatement>',
        `${'<saml:Attribute Name="a" x="yyyyyyyyy"/>'.repeat(4_800)}</saml:AttributeStatement>`,
      ),
    'text that grows when it is made canonical': (e) =>
      replace(
        e.genuine,
        '</saml:AttributeStatement>',
        `<saml:Attribute Name="a">${`<saml:AttributeValue>${'>'.repeat(60_000)}</saml:AttributeValue>`.repeat(3)}</saml:Attribute></saml:AttributeStatement>`,
      ),
  }),
]
