import {
  ASSERTION,
  afterIssuer,
  type Exchange,
  elementOf,
  FORGED,
  GENUINE,
  inSignature,
  nameID,
  OTHER,
  object,
  replace,
  signAssertion,
  signRoot,
} from './exchange.ts'
import { refused, type Vector } from './vector.ts'

const errorStatus = (detail = '') =>
  `<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"></samlp:StatusCode>${detail}</samlp:Status>`
const success = (detail: string) =>
  `<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"></samlp:StatusCode><samlp:StatusDetail>${detail}</samlp:StatusDetail></samlp:Status>`
const extensions = (content: string) => ({
  before_status: `<samlp:Extensions>${content}</samlp:Extensions>`,
})
const keyInfo = (content: string) => `<ds:KeyInfo>${content}</ds:KeyInfo>`
/** The forged Assertion with the genuine one in the place of a piece of text. */
const inside = (e: Exchange, from: string | RegExp, to: (genuine: string) => string) =>
  e.response({}, replace(e.forged(), from, to(e.signedAssertion)))

/** X1: the signed element is moved, and a forged one takes its place or its ID. */
const wrapping: Vector[] = refused('X1', 'structure', {
  'XSW 1: a forged Response, the original in the Object of its signature': (e) =>
    e.forgedResponse(inSignature(e.responseSignature, object(e.bareResponse))),
  'XSW 2: a forged Response, the original before a detached signature': (e) =>
    e.forgedResponse(e.bareResponse + e.responseSignature),
  'XSW 3: a forged Assertion before the signed one': (e) =>
    e.response({}, e.forged() + e.signedAssertion),
  'XSW 4: the signed Assertion inside the forged one': (e) =>
    e.response({}, e.forged(e.signedAssertion)),
  'XSW 5: the forged Assertion carries the signature, the original follows': (e) =>
    e.response({}, afterIssuer(e.forged(), e.signature) + e.bareAssertion),
  'XSW 6: the original inside the signature that moved to the forged Assertion': (e) =>
    e.response({}, afterIssuer(e.forged(), inSignature(e.signature, object(e.bareAssertion)))),
  'XSW 7: a forged Assertion in Extensions': (e) =>
    e.response(extensions(e.forged()), e.signedAssertion),
  'XSW 8: the signed Assertion in the Object of a signature of the forged one': (e) =>
    e.response({}, afterIssuer(e.forged(), inSignature(e.signature, object(e.signedAssertion)))),
  'a forged Assertion after the signed one': (e) => e.response({}, e.signedAssertion + e.forged()),
  'forged Assertions before and after': (e) =>
    e.response({}, e.forged() + e.signedAssertion + e.forged().replace('_forged', '_forged2')),
  'the signed Assertion in Extensions': (e) =>
    e.response(extensions(e.signedAssertion), e.forged()),
  'the signed Assertion in StatusDetail': (e) =>
    e.response({ status: success(e.signedAssertion) }, e.forged()),
  'the signed Assertion in StatusMessage': (e) =>
    e.response(
      { status: replace(success(e.signedAssertion), /StatusDetail/g, 'StatusMessage') },
      e.forged(),
    ),
  'the signed Assertion in Advice': (e) =>
    e.response({}, e.forged(`<saml:Advice>${e.signedAssertion}</saml:Advice>`)),
  'the signed Assertion in Advice, its signature moved out': (e) =>
    e.response(
      {},
      afterIssuer(e.forged(`<saml:Advice>${e.bareAssertion}</saml:Advice>`), e.signature),
    ),
  'the signed Assertion in SubjectConfirmationData': (e) =>
    inside(e, '</saml:SubjectConfirmationData>', (a) => `${a}</saml:SubjectConfirmationData>`),
  'the signed Assertion in an AttributeValue': (e) => inside(e, '>Mallory<', (a) => `>${a}<`),
  'the signed Assertion in Conditions': (e) =>
    inside(e, '</saml:Conditions>', (a) => `${a}</saml:Conditions>`),
  'the signed Assertion in the AuthnContext': (e) =>
    inside(
      e,
      '</saml:AuthnContext>',
      (a) => `<saml:AuthnContextDecl>${a}</saml:AuthnContextDecl></saml:AuthnContext>`,
    ),
  'the signed Assertion in the NameID': (e) =>
    inside(e, '</saml:NameID>', (a) => `${a}</saml:NameID>`),
  'the signed Assertion in the Issuer of the Response': (e) =>
    replace(e.response({}, e.forged()), '</saml:Issuer>', `${e.signedAssertion}</saml:Issuer>`),
  'the signed Assertion in an unknown element': (e) =>
    e.response({}, `${e.forged()}<x:x xmlns:x="urn:x">${e.signedAssertion}</x:x>`),
  'a forged Assertion in the KeyInfo of the genuine signature': (e) =>
    e.response(
      {},
      replace(e.signedAssertion, e.signature, inSignature(e.signature, keyInfo(e.forged()))),
    ),
  'a forged Assertion in the Object of the genuine signature': (e) =>
    e.response(
      {},
      replace(e.signedAssertion, e.signature, inSignature(e.signature, object(e.forged()))),
    ),
  'a forged Response in the KeyInfo of the genuine signature': (e) =>
    replace(
      e.genuineResponse,
      e.responseSignature,
      inSignature(e.responseSignature, keyInfo(e.forgedResponse())),
    ),
  'the original Response in KeyInfo': (e) =>
    e.forgedResponse(inSignature(e.responseSignature, keyInfo(e.bareResponse))),
  'the original Response after the forged Assertion': (e) =>
    e
      .response({ after_assertion: e.genuine }, e.forged())
      .replace('_response-1', '_forged-response'),
  'the original Response in Extensions': (e) =>
    replace(e.response(extensions(e.genuine), e.forged()), '_response-1', '_forged-response'),
  'a forged Assertion with the ID of the signed one before it': (e) =>
    e.response({}, e.forgedSameID() + e.signedAssertion),
  'a forged Assertion with the ID of the signed one after it': (e) =>
    e.response({}, e.signedAssertion + e.forgedSameID()),
  'the signature moved to a forged Assertion of the same ID, the original deeper': (e) =>
    e.response(
      {},
      afterIssuer(e.forgedSameID(), inSignature(e.signature, object(e.bareAssertion))),
    ),
  'a forged Assertion in a Response with both signatures': (e) =>
    replace(signRoot(e.genuine, 'Response'), '<saml:Assertion', `${e.forged()}<saml:Assertion`),
  'the signature of the Assertion at the Response': (e) =>
    afterIssuer(e.response({}, e.forged(e.bareAssertion)), e.signature),
  'the signature of the Assertion beside it': (e) =>
    e.response({}, `${e.signature}${e.bareAssertion}${e.forged()}`),
  'an Assertion of the protocol namespace before the signed one': (e) =>
    e.response({}, e.forged().replaceAll('saml:Assertion', 'samlp:Assertion') + e.signedAssertion),
  'an Assertion of a foreign namespace before the signed one': (e) =>
    e.response({}, `<f:Assertion xmlns:f="urn:f">${FORGED}</f:Assertion>${e.signedAssertion}`),
  'an Assertion of no namespace before the signed one': (e) =>
    e.response(
      {},
      `<Assertion>${nameID(FORGED).replaceAll('saml:', '')}</Assertion>${e.signedAssertion}`,
    ),
  'an Assertion of SAML 1.1 beside the signed one': (e) =>
    e.response(
      {},
      `${e.signedAssertion}<Assertion xmlns="urn:oasis:names:tc:SAML:1.0:assertion"></Assertion>`,
    ),
})

const wrapped: Vector[] = refused('X1', 'response_element', {
  'a wrapper around a forged and the genuine Response': (e) =>
    `<wrapper>${e.forgedResponse()}${e.genuine}</wrapper>`,
  'the genuine Response in a SOAP envelope': (e) =>
    `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${e.genuine}</s:Body></s:Envelope>`,
  'a forged Assertion as root, the genuine Response inside': (e) => e.forged(e.genuine),
})

/** X2: what no signature covers stands where it might be read. */
const unsigned: Vector[] = refused('X2', 'structure', {
  'a Subject in the Response': (e) =>
    e.response(
      {
        before_assertion: `<saml:Subject xmlns:saml="${ASSERTION}">${nameID(FORGED)}</saml:Subject>`,
      },
      e.signedAssertion,
    ),
  'an AttributeStatement in the Response': (e) =>
    e.response(
      {
        after_assertion: replace(
          elementOf(e.forged(), 'saml:AttributeStatement'),
          'Statement',
          `Statement xmlns:saml="${ASSERTION}"`,
        ),
      },
      e.signedAssertion,
    ),
  'a Subject in Extensions': (e) =>
    e.response(
      extensions(`<saml:Subject xmlns:saml="${ASSERTION}">${nameID(FORGED)}</saml:Subject>`),
      e.signedAssertion,
    ),
  'a NameID after the Assertion': (e) =>
    e.response(
      { after_assertion: `<NameID xmlns="${ASSERTION}">${FORGED}</NameID>` },
      e.signedAssertion,
    ),
  'text with an address in the Response': (e) =>
    e.response({ after_assertion: FORGED }, e.signedAssertion),
  'an AuthnStatement before the Assertion': (e) =>
    e.response(
      {
        before_assertion: e
          .authnStatement()
          .replace('Statement', `Statement xmlns:saml="${ASSERTION}"`),
      },
      e.signedAssertion,
    ),
})
const unsignedReading: Vector[] = [
  ...refused('X2', 'attribute_email', {
    'a signed assertion with an element in its e-mail address': (e) =>
      signAssertion(
        e.response().replace(`${GENUINE}</saml:AttributeValue>`, `<x xmlns="urn:x">${OTHER}</x>$&`),
      ),
  }),
  ...refused('X2', 'attribute_first_name', {
    'a signed assertion with an element in its first name': (e) =>
      signAssertion(e.response().replace('>Mallory<', `><x xmlns="urn:x">${OTHER}</x>Mallory<`)),
  }),
  ...refused('X2', 'assertion_content', {
    'a forged AttributeStatement of another namespace in the Assertion': (e) =>
      signAssertion(
        e.response({
          end_of_assertion: `<x:AttributeStatement xmlns:x="urn:x">${OTHER}</x:AttributeStatement>`,
        }),
      ),
  }),
]

/** X6: a second signature that repeats the value of the genuine one, also on a signed error. */
const decoys: Vector[] = [
  ...refused('X6', 'structure', {
    'a decoy in StatusDetail of a signed error': (e) => {
      const error = signRoot(e.response({ status: errorStatus() }, ''), 'Response')
      const decoy = inSignature(elementOf(error, 'ds:Signature'), object(e.forged()))
      return replace(
        error,
        '</samlp:Status>',
        `<samlp:StatusDetail>${decoy}</samlp:StatusDetail></samlp:Status>`,
      )
    },
    'a decoy after the genuine signature, around a forged Assertion': (e) =>
      replace(
        e.genuineResponse,
        e.responseSignature,
        e.responseSignature + inSignature(e.responseSignature, object(e.forged())),
      ),
    'a decoy before the genuine signature, around a forged Assertion': (e) =>
      replace(
        e.genuineResponse,
        e.responseSignature,
        inSignature(e.responseSignature, object(e.forged())) + e.responseSignature,
      ),
    'a decoy inside the Assertion': (e) =>
      e.response({}, afterIssuer(e.signedAssertion, inSignature(e.signature, object(e.forged())))),
    'the genuine signature twice': (e) =>
      e.response({}, afterIssuer(e.signedAssertion, e.signature)),
    'a decoy in Extensions': (e) =>
      e.response(extensions(inSignature(e.signature, object(e.forged()))), e.signedAssertion),
    'a decoy with the value alone': (e) => {
      const value = elementOf(e.signature, 'ds:SignatureValue')
      const decoy = `<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">${value}${e.forged()}</ds:Signature>`
      return e.response({ before_assertion: decoy }, e.signedAssertion)
    },
    'a decoy in the Subject': (e) =>
      e.response(
        {},
        replace(e.signedAssertion, '</saml:Subject>', `${e.signature}</saml:Subject>`),
      ),
    'a decoy of another namespace': (e) =>
      e.response(
        {},
        replace(
          e.signedAssertion,
          '</saml:Assertion>',
          `<f:Signature xmlns:f="urn:f">${FORGED}</f:Signature></saml:Assertion>`,
        ),
      ),
  }),
  ...refused('X6', 'status', {
    'a signed error with a forged Assertion put in': (e) =>
      replace(
        signRoot(e.response({ status: errorStatus() }, ''), 'Response'),
        '</samlp:Status>',
        `</samlp:Status>${e.forged()}`,
      ),
    'a signed error with an honest signed Assertion': (e) =>
      signRoot(e.response({ status: errorStatus() }, e.signedAssertion), 'Response'),
    'a signed error without an Assertion': (e) =>
      signRoot(e.response({ status: errorStatus() }, ''), 'Response'),
  }),
  ...refused('X6', 'assertion', {
    'a signed success without an Assertion': (e) => signRoot(e.response({}, ''), 'Response'),
  }),
  ...refused('X6', 'response_signature_digest', {
    'a signed success with a forged Assertion put in': (e) =>
      replace(
        signRoot(e.response({}, ''), 'Response'),
        '</samlp:Response>',
        `${e.forged()}</samlp:Response>`,
      ),
  }),
]

/** XML signature wrapping and its relatives. */
export const WRAPPING: readonly Vector[] = [
  ...wrapping,
  ...wrapped,
  ...unsigned,
  ...unsignedReading,
  ...decoys,
]
