import {
  ASSERTION,
  attribute,
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
import { type Build, refused, type Vector } from './vector.ts'

const onRoot =
  (attributes: string): Build =>
  (e) =>
    replace(e.genuine, ' Version="2.0"', ` Version="2.0" ${attributes}`)

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

/** Elements, IDs and attributes that pass themselves off as others. */
export const NAMES: readonly Vector[] = [...others, ...pollution, ...names]
