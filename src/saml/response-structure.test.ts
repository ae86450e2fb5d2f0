import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertionXML, attacker, responseXML, signed } from './signing.test-kit.ts'
import { assertRefused } from './verdict.test-kit.ts'

// security classes: XML signature wrapping, look-alike elements, IDs, several or mixed assertions

const victim = { name_id: '<saml:NameID>admin@victim.example</saml:NameID>' }
const evil = assertionXML(victim).replace('_assertion-1', '_evil')
const evilSameID = assertionXML(victim)

const assertionOf = (xml: string) =>
  xml.slice(xml.indexOf('<saml:Assertion'), xml.indexOf('</saml:Assertion>') + 17)
const signatureOf = (xml: string) =>
  xml.slice(xml.indexOf('<ds:Signature '), xml.indexOf('</ds:Signature>') + 15)
const withoutSignature = (xml: string) => xml.replace(signatureOf(xml), '')

const genuine = signed(responseXML(), 'Assertion')
const A = assertionOf(genuine)
const S = signatureOf(A)
const bare = withoutSignature(A)
const genuineResponse = signed(responseXML(), 'Response')
const RS = signatureOf(genuineResponse)
const bareResponse = withoutSignature(genuineResponse)
const errorStatus =
  '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"/></samlp:Status>'

const afterIssuer = (xml: string, insert: string) =>
  xml.replace('</saml:Issuer>', () => `</saml:Issuer>${insert}`)
const inEvil = (insert: string) =>
  evil.replace('</saml:Assertion>', () => `${insert}</saml:Assertion>`)
const object = (content: string, signature = S) =>
  signature.replace('</ds:Signature>', () => `<ds:Object>${content}</ds:Object></ds:Signature>`)
const inKeyInfo = (content: string, signature = S) =>
  signature.replace('</ds:Signature>', () => `<ds:KeyInfo>${content}</ds:KeyInfo></ds:Signature>`)
const around = (assertion: string, changes = {}) => responseXML(changes, assertion)
const subjectData = (content: string) =>
  inEvil('').replace(
    '></saml:SubjectConfirmationData>',
    () => `>${content}</saml:SubjectConfirmationData>`,
  )

const evilResponse = (insert: string) =>
  afterIssuer(responseXML(victim).replace('_response-1', '_evil-response'), insert)

// what the check says -> the layouts that it must say it about
const STRUCTURE: Record<string, Record<string, string>> = {
  'a Response in a Response': {
    'XSW 1: signature in a forged Response, the original in its Object': evilResponse(
      object(bareResponse, RS),
    ),
    'XSW 2: the original Response before a detached signature': evilResponse(
      `${bareResponse}${RS}`,
    ),
    'a Response in KeyInfo': evilResponse(inKeyInfo(bareResponse, RS)),
  },
  'more than one Assertion': {
    'XSW 3: forged assertion before the signed one': around(`${evil}${A}`),
    'XSW 5: forged assertion takes the signature': around(`${afterIssuer(evil, S)}${bare}`),
    'forged assertion after the signed one': around(`${A}${evil}`),
    'plain and encrypted assertion': around(
      `${A}<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>`,
    ),
  },
  'an Assertion in the wrong place': {
    'XSW 4: signed assertion inside the forged one': around(inEvil(A)),
    'XSW 6: original inside the moved signature': around(afterIssuer(evil, object(bare))),
    'XSW 7: forged assertion in Extensions': around(A, {
      before_status: `<samlp:Extensions>${evil}</samlp:Extensions>`,
    }),
    'XSW 8: original in the Object of the signature': around(afterIssuer(evil, object(A))),
    'signed assertion in Extensions': around(evil, {
      before_status: `<samlp:Extensions>${A}</samlp:Extensions>`,
    }),
    'signed assertion in StatusDetail': around(evil, {
      status: `<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/><samlp:StatusDetail>${A}</samlp:StatusDetail></samlp:Status>`,
    }),
    'signed assertion in Advice': around(inEvil(`<saml:Advice>${A}</saml:Advice>`)),
    'signed assertion in Advice, signature moved out': around(
      afterIssuer(inEvil(`<saml:Advice>${bare}</saml:Advice>`), S),
    ),
    'signed assertion in SubjectConfirmationData': around(subjectData(A)),
    'signed assertion in an attribute value': around(evil.replace('>Ada<', () => `>${A}<`)),
    'signed assertion in an unknown element': around(`${evil}<x:x xmlns:x="urn:x">${A}</x:x>`),
    'forged assertion in the KeyInfo of the genuine signature': around(
      A.replace(S, () => inKeyInfo(evil)),
    ),
    'forged assertion in the Object of the genuine signature': around(
      A.replace(S, () => object(evil)),
    ),
    'Assertion of the protocol namespace': around(
      `${evil.replaceAll('saml:Assertion', 'samlp:Assertion')}${A}`,
    ),
    'Assertion of a foreign namespace': around(`${A}<f:Assertion xmlns:f="urn:f"/>`),
    'encrypted assertion of another namespace': around(
      `${A}<f:EncryptedAssertion xmlns:f="urn:f"/>`,
    ),
  },
  'two elements with the same ID': {
    'forged assertion with the same ID before': around(`${evilSameID}${A}`),
    'forged assertion with the same ID after': around(`${A}${evilSameID}`),
    'a Response in the Response': around(evil, { before_assertion: genuine }),
    'two elements with one ID': genuine.replace('ID="_response-1"', 'ID="_assertion-1"'),
    'one ID on assertion and signature': around(
      A.replace('<ds:Signature ', '<ds:Signature Id="_assertion-1" '),
    ),
  },
  'an ID attribute in the wrong place': {
    'Assertion of no namespace, alone': around(
      afterIssuer(
        `<Assertion ID="_e"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"></saml:Issuer></Assertion>`,
        '',
      ),
    ),
    'id beside ID': around(A.replace('<saml:Assertion ', '<saml:Assertion id="_x" ')),
    'a namespaced ID': genuine.replace('<samlp:Response ', '<samlp:Response samlp:ID="_x" '),
    'xml:id': genuine.replace('<samlp:Response ', '<samlp:Response xml:id="_x" '),
    'Id on an assertion': around(A.replace('<saml:Assertion ', '<saml:Assertion Id="_x" ')),
    'ID on a signature': around(A.replace('<ds:Signature ', '<ds:Signature ID="_x" ')),
  },
  'two signatures in one place': {
    'two signatures in the assertion': around(afterIssuer(A, S)),
    'two signatures in the Response': afterIssuer(genuineResponse, RS),
    'a decoy signature around an assertion in the Response': genuineResponse.replace(
      RS,
      () => `${RS}${object(evil, RS)}`,
    ),
  },
  'a Signature in the wrong place': {
    'a decoy signature in StatusDetail of a signed error': signed(
      around(A, {
        status: errorStatus.replace(
          '</samlp:Status>',
          () => `<samlp:StatusDetail>${RS}</samlp:StatusDetail></samlp:Status>`,
        ),
      }),
      'Response',
      { path: '/*' },
    ),
    'a Signature of another namespace': around(
      A.replace('</saml:Assertion>', '<f:Signature xmlns:f="urn:f"/></saml:Assertion>'),
    ),
    'a signature in the Subject': around(A.replace('</saml:Subject>', () => `${S}</saml:Subject>`)),
  },
  'an unexpected Signature in the Response': {
    'the signature of the assertion beside it': around(
      `${S.replace('ds:Signature ', 'ds:Signature Id="s" ')}${bare}`,
    ),
  },
  'an unexpected Extensions in the Response': {
    Extensions: signed(responseXML({ before_status: '<samlp:Extensions/>' }), 'Assertion'),
  },
  'an unexpected x in the Response': {
    'an unknown element in the Response': signed(
      responseXML({ after_assertion: '<x xmlns="urn:x"/>' }),
      'Assertion',
    ),
  },
  'no Status in its place': {
    'Status after the assertion': signed(
      responseXML({
        status: '',
        after_assertion: responseXML().match(/<samlp:Status>.*<\/samlp:Status>/)![0],
      }),
      'Assertion',
    ),
    'no Status': signed(responseXML({ status: '' }), 'Assertion'),
  },
  'text beside the elements of the Response': {
    'text in the Response': signed(responseXML({ before_status: 'text' }), 'Assertion'),
  },
  'an ID that is not a name': {
    'an ID that is not a name': genuine.replace('ID="_response-1"', 'ID="#_assertion-1"'),
    'an empty ID': genuine.replace('ID="_response-1"', 'ID=""'),
  },
  'a Response without an ID': {
    'Response without ID': genuine.replace('ID="_response-1"', ''),
  },
}

for (const [problem, layouts] of Object.entries(STRUCTURE)) {
  for (const [name, xml] of Object.entries(layouts)) {
    test(`refuses the layout: ${name}`, () => {
      const failed = assertRefused(xml, 'structure', 'invalid_saml_response')
      assert.equal(failed.actual, problem)
    })
  }
}

const ROOTS: Record<string, string> = {
  'a wrapper around the Response': `<wrapper>${evil}${genuine}</wrapper>`,
  'an Assertion alone': A,
  'a Response of another namespace': genuine.replace('SAML:2.0:protocol', 'SAML:2.0:protocol2'),
  'a LogoutResponse': genuine.replaceAll('samlp:Response', 'samlp:LogoutResponse'),
  'an AuthnRequest': genuine.replaceAll('samlp:Response', 'samlp:AuthnRequest'),
  'a SAML 1.1 Response': genuine.replace('SAML:2.0:protocol', 'SAML:1.0:protocol'),
}

for (const [name, xml] of Object.entries(ROOTS)) {
  test(`refuses instead of a Response: ${name}`, () => {
    assertRefused(xml, 'response_element', 'invalid_saml_response')
  })
}

test('an Assertion with an element that does not belong there is refused', () => {
  for (const end_of_assertion of ['<Subject xmlns="urn:x"/>', '<saml:Statement/>']) {
    const xml = signed(responseXML({ end_of_assertion }), 'Assertion')
    assertRefused(xml, 'assertion_content', 'invalid_saml_response')
  }
})

test('an Assertion without an ID is refused, also in a signed Response', () => {
  const xml = signed(responseXML().replace('ID="_assertion-1"', ''), 'Response')
  const failed = assertRefused(xml, 'structure', 'invalid_saml_response')
  assert.equal(failed.actual, 'an Assertion without an ID')
})

test('a Response whose own signature is broken is refused, though the assertion is signed', () => {
  const both = signed(genuine, 'Response')
  assertRefused(
    both.replace('ID="_response-1" Version', 'ID="_response-1" Consent="urn:x" Version'),
    'response_signature_digest',
    'invalid_signature_saml_response',
  )
})

test('a signed Response does not vouch for an assertion whose own signature is another key', () => {
  const xml = signed(signed(responseXML(victim), 'Assertion', { signer: attacker }), 'Response')
  assertRefused(xml, 'assertion_signature_certificate', 'invalid_signature_saml_response')
})

test('an encrypted assertion is refused where the connection has no key', () => {
  const xml = around(
    '<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><x xmlns="urn:x"/></saml:EncryptedAssertion>',
  )
  assertRefused(signed(xml, 'Response', { path: '/*' }), 'encryption_keys', 'invalid_saml_response')
})
