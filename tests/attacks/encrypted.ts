import {
  type EncryptOptions,
  encrypted,
  flip,
  otherSP,
  XENC,
  XENC11,
} from '../../src/saml/encrypting.test-kit.ts'
import { attacker } from '../../src/saml/signing.test-kit.ts'
import { type Exchange, elementOf, forge, replace, signAssertion, signRoot } from './exchange.ts'
import { type Build, refused, type Vector } from './vector.ts'

/** Everybody can encrypt for the service: a forged Assertion that nobody signed. */
const forged = (e: Exchange) => encrypted(e.forged())
const around =
  (options: EncryptOptions): Build =>
  (e) =>
    e.response({}, encrypted(e.signedAssertion, options))
const plaintext =
  (make: (e: Exchange) => string): Build =>
  (e) =>
    e.response({}, encrypted(make(e)))
const edited = (from: string | RegExp, to: string): Build =>
  around({ edit: (xml) => replace(xml, from, to) })
const anonymous = (xml: string) => xml.replaceAll(/ Id="[^"]*"/g, '')

/** X18: several assertions, plain and encrypted. */
const mixed: Vector[] = [
  ...refused('X18', 'structure', {
    'two signed Assertions': (e) =>
      e.response(
        {},
        e.signedAssertion + signAssertion(e.assertion().replace(e.assertion_id, '_second')),
      ),
    'a forged encrypted Assertion before the signed one': (e) =>
      e.response({}, forged(e) + e.signedAssertion),
    'a forged encrypted Assertion after the signed one': (e) =>
      e.response({}, e.signedAssertion + forged(e)),
    'two encrypted Assertions': (e) =>
      e.response({}, encrypted(e.signedAssertion) + anonymous(forged(e))),
    'a forged Assertion beside a signed encrypted one': (e) =>
      e.response({}, e.forged() + encrypted(e.signedAssertion)),
    'an EncryptedAssertion in an EncryptedAssertion': (e) =>
      e.response(
        {},
        `<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${forged(e)}</saml:EncryptedAssertion>`,
      ),
    'a plain Assertion in an EncryptedAssertion': (e) =>
      e.response(
        {},
        `<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${e.signedAssertion}</saml:EncryptedAssertion>`,
      ),
    'an EncryptedAssertion of another namespace beside the signed one': (e) =>
      e.response(
        {},
        `${e.signedAssertion}<f:EncryptedAssertion xmlns:f="urn:f"></f:EncryptedAssertion>`,
      ),
    'a forged encrypted Assertion put into a signed Response': (e) =>
      replace(e.genuineResponse, '</samlp:Response>', `${forged(e)}</samlp:Response>`),
  }),
  ...refused('X18', 'signature', {
    'a forged encrypted Assertion that nobody signed': (e) => e.response({}, forged(e)),
  }),
]

/** 1.3: encrypted assertions. */
const encryption: Vector[] = [
  ...refused('E', 'response_signature_digest', {
    'the encrypted Assertion of a signed Response replaced': (e) => {
      const genuine = signRoot(e.response({}, encrypted(e.signedAssertion)), 'Response')
      return replace(genuine, elementOf(genuine, 'saml:EncryptedAssertion'), forged(e))
    },
    'an Assertion in a signed Response replaced by an encrypted one': (e) =>
      replace(
        e.genuineResponse,
        elementOf(e.genuineResponse, 'saml:Assertion'),
        encrypted(e.forged()),
      ),
  }),
  ...refused('E', 'response_signature_certificate', {
    'a Response that the attacker signed': (e) =>
      signRoot(e.response({}, forged(e)), 'Response', { signer: attacker }),
  }),
  ...refused('E', 'assertion_signature_digest', {
    'an encrypted Assertion that was changed': plaintext((e) => forge(e.signedAssertion)),
  }),
  ...refused('E', 'assertion_signature_certificate', {
    'an encrypted Assertion that the attacker signed': plaintext((e) =>
      forge(signAssertion(e.assertion(), { signer: attacker })),
    ),
    'an encrypted Assertion of the attacker in a signed Response': (e) =>
      signRoot(
        e.response({}, encrypted(signAssertion(e.assertion(), { signer: attacker }))),
        'Response',
      ),
  }),
  ...refused('E', 'aes_cbc', {
    'AES-128-CBC that no signature covers': around({ content: 'aes128-cbc' }),
    'AES-256-CBC that no signature covers': around({ content: 'aes256-cbc' }),
    'AES-256-CBC with a changed block': around({
      content: 'aes256-cbc',
      tamper: { content: flip(20) },
    }),
  }),
  ...refused('E', 'encryption_algorithm', {
    'RSA 1.5': around({ transport: `${XENC}rsa-1_5`, parameters: '' }),
    'Triple DES': edited(`${XENC11}aes256-gcm`, `${XENC}tripledes-cbc`),
    'a key wrapped with AES': around({ transport: `${XENC}kw-aes256`, parameters: '' }),
    'an algorithm named constructor': around({ transport: 'constructor' }),
    'no content algorithm': edited(`${XENC11}aes256-gcm`, ''),
    'OAEP with MD5': around({
      parameters:
        '<ds:DigestMethod xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Algorithm="http://www.w3.org/2001/04/xmldsig-more#md5"></ds:DigestMethod>',
    }),
  }),
  ...refused('E', 'decryption', {
    'a ciphertext of which one bit is changed': around({ tamper: { content: flip(30) } }),
    'a tag of which one bit is changed': around({ tamper: { content: flip(-1) } }),
    'a tag that is cut to 4 bytes': around({
      tamper: { content: (bytes) => bytes.subarray(0, -12) },
    }),
    'a nonce and a tag alone': around({ tamper: { content: (bytes) => bytes.subarray(0, 28) } }),
    'an empty ciphertext': around({ tamper: { content: () => Buffer.alloc(0) } }),
    'a wrapped key of which one bit is changed': around({ tamper: { wrapped: flip(10) } }),
    'a wrapped key of zeros': around({
      tamper: { wrapped: (bytes) => Buffer.alloc(bytes.length) },
    }),
    'encrypted for somebody else': around({ recipient: otherSP.publicKey }),
    'changed in a signed Response': (e) =>
      signRoot(
        e.response({}, encrypted(e.signedAssertion, { tamper: { content: flip(30) } })),
        'Response',
      ),
  }),
  ...refused('E', 'encrypted_assertion', {
    'two EncryptedKeys': (e) => {
      const one = encrypted(e.signedAssertion)
      const key = elementOf(one, 'xenc:EncryptedKey')
      return e.response({}, replace(one, key, key + anonymous(key)))
    },
    'an EncryptedKey in KeyInfo and one beside': (e) => {
      const one = encrypted(e.signedAssertion)
      const key = anonymous(elementOf(one, 'xenc:EncryptedKey'))
      return e.response(
        {},
        replace(one, '</saml:EncryptedAssertion>', `${key}</saml:EncryptedAssertion>`),
      )
    },
    'two EncryptedData': (e) => {
      const one = encrypted(e.signedAssertion)
      const data = elementOf(one, 'xenc:EncryptedData')
      return e.response({}, replace(one, data, anonymous(data) + data))
    },
    'a RetrievalMethod to an address': around({
      place: 'retrieved',
      edit: (xml) => replace(xml, 'URI="#_key"', 'URI="https://evil.example/key"'),
    }),
    'a RetrievalMethod to itself': around({
      place: 'retrieved',
      edit: (xml) => replace(xml, 'URI="#_key"', 'URI="#_data"'),
    }),
    'a CipherReference': edited(
      /<xenc:CipherValue>[^<]*<\/xenc:CipherValue>/,
      '<xenc:CipherReference URI="https://evil.example/"></xenc:CipherReference>',
    ),
    'no EncryptedKey': around({
      edit: (xml) => replace(xml, elementOf(xml, 'xenc:EncryptedKey'), ''),
    }),
    'the Type of a content': edited(`${XENC}Element`, `${XENC}Content`),
  }),
  ...refused('E', 'decrypted_assertion', {
    'a document type in the plaintext': plaintext(
      (e) => `<!DOCTYPE x [<!ENTITY a "b">]>${e.signedAssertion}`,
    ),
    'a comment in the plaintext': plaintext((e) =>
      replace(e.signedAssertion, '>Mallory<', '>Mal<!---->lory<'),
    ),
    'two Assertions in the plaintext': plaintext((e) => e.signedAssertion + e.forged()),
    'a Response in the plaintext': plaintext((e) => e.genuine),
    'the signed Assertion inside a forged one': plaintext((e) => e.forged(e.signedAssertion)),
    'a plaintext that closes the Response and opens another': plaintext(
      (e) => `</saml:EncryptedAssertion></samlp:Response>${e.forgedResponse()}<x><x>`,
    ),
    'text beside the Assertion in the plaintext': plaintext((e) => `text${e.signedAssertion}`),
  }),
  ...refused('E', 'name_id', {
    'an EncryptedID in a signed Assertion': (e) =>
      signAssertion(e.response({ name_id: '<saml:EncryptedID></saml:EncryptedID>' })),
  }),
]

/** Assertions that are encrypted, and plain ones beside them. */
export const ENCRYPTED: readonly Vector[] = [...mixed, ...encryption]
