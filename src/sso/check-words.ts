/** The checks of a login in plain words, for the pages that explain it. */
import type { Check } from './flow.ts'

export const people: Record<NonNullable<Check['fix']>['who'], string> = {
  it_admin: 'IT administrator of the organization',
  developer: 'developers of the application',
  operator: 'operator of this server',
}

export const verdicts = {
  pass: { word: 'Passed', mark: '✓' },
  fail: { word: 'Failed', mark: '✗' },
  skip: { word: 'Noted', mark: '–' },
} satisfies Record<Check['verdict'], { word: string; mark: string }>

/** What is looked at, and what is said where it failed. */
const words: Record<string, readonly [title: string, failure: string]> = {
  form: ['Form that was posted', 'what was posted is not one SAMLResponse'],
  saml_response: ['SAMLResponse', 'the answer holds no SAMLResponse'],
  base64: ['Encoding (base64)', 'the SAMLResponse is not base64'],
  xml: ['XML', 'the SAMLResponse is not well-formed XML'],
  structure: ['Form of the response', 'the response does not have the form that SAML prescribes'],
  status: ['Status', 'the identity provider reported an error'],
  version: ['SAML version', 'the response is of another version of SAML'],
  response_element: ['Response element', 'what came is not a SAML Response'],
  assertion: ['Assertion', 'the response does not hold one assertion'],
  assertion_content: ['Content of the assertion', 'the assertion lacks something'],
  verification_certificates: ['Verification certificates', 'the connection has no certificate'],
  signature: ['Signature', 'the response is not signed'],
  signed_content: ['Signed content', 'the signature does not cover what counts'],
  issuer: ['Issuer', 'the response comes from another identity provider than this connection’s'],
  response_issuer: ['Issuer of the response', 'the response comes from another identity provider'],
  assertion_issuer: [
    'Issuer of the assertion',
    'the assertion comes from another identity provider',
  ],
  audience: ['Audience', 'the response was made for another service'],
  recipient: ['Recipient', 'the response was made for another address'],
  destination: ['Destination', 'the response was sent to another address'],
  own_address: [
    'Address of this server',
    'the response arrived at another address than the connection’s',
  ],
  conditions: ['Validity period', 'the response is not valid at this time'],
  known_conditions: ['Conditions', 'the response holds a condition that is not known'],
  confirmation_not_on_or_after: ['Time of delivery', 'the response came too late'],
  issue_instant: ['Time of issue', 'the response was issued at another time'],
  session_not_on_or_after: ['End of the session', 'the session at the identity provider is over'],
  subject_confirmation: ['Subject confirmation', 'the response does not confirm its bearer'],
  in_response_to: ['InResponseTo', 'the response answers another request'],
  authn_statement: [
    'Authentication statement',
    'the response does not say that somebody signed in',
  ],
  name_id: ['NameID', 'the NameID cannot be used'],
  attributes: ['Attributes', 'the attributes cannot be read'],
  attributes_not_plain: ['Attributes that are no text', 'attributes are not plain text'],
  encrypted_assertion: ['Encrypted assertion', 'the encrypted assertion is malformed'],
  encryption_algorithm: [
    'Encryption algorithm',
    'the response is encrypted in a way that is not accepted',
  ],
  encryption_keys: ['Encryption keys', 'the connection has no key to decrypt it with'],
  decryption: ['Decryption', 'the response cannot be decrypted'],
  decrypted_assertion: ['Decrypted assertion', 'what was decrypted is no assertion'],
  decryption_limit: ['Limit on decryption', 'too many messages could not be decrypted'],
  aes_cbc: [
    'AES-CBC',
    'the response is encrypted with AES-CBC, which this connection does not accept',
  ],
  used_once: ['Used once', 'this response was used before'],
  callback_parameters: ['Parameters of the callback', 'the callback has wrong parameters'],
  provider_response: ['Answer of the identity provider', 'the identity provider refused'],
  state: ['State', 'the answer belongs to no login that waits here'],
  issuer_parameter: ['Issuer parameter (iss)', 'the answer names another issuer'],
  client_authentication: ['Client authentication', 'the client cannot authenticate as it must'],
  token_exchange: ['Request to the token endpoint', 'the token endpoint refused the code'],
  token_response: ['Exchange of the code', 'the token endpoint did not give an ID token'],
  id_token: ['ID token', 'the ID token cannot be used'],
  id_token_signature: ['Signature of the ID token', 'the signature of the ID token is wrong'],
  id_token_key: ['Key of the ID token', 'the key that signed the ID token is not published'],
  id_token_algorithm: ['Algorithm of the ID token', 'the ID token is signed in another way'],
  id_token_issuer: ['Issuer of the ID token', 'the ID token comes from another issuer'],
  id_token_audience: ['Audience of the ID token', 'the ID token is for another application'],
  id_token_authorized_party: ['Authorized party', 'the ID token is for another application'],
  id_token_expiry: ['Expiry of the ID token', 'the ID token has expired'],
  id_token_issued_at: ['Time of the ID token', 'the ID token was issued at another time'],
  id_token_not_before: ['Not before', 'the ID token is not valid yet'],
  id_token_nonce: ['Nonce', 'the ID token answers another login'],
  id_token_subject: ['Subject of the ID token', 'the ID token names no subject'],
  id_token_access_token_hash: ['Access token hash', 'the access token belongs to another ID token'],
  claims_text: ['Text of the claims', 'the claims hold text that cannot be used'],
  userinfo: ['Userinfo', 'the userinfo endpoint did not answer as it must'],
  userinfo_subject: ['Subject of userinfo', 'userinfo is about somebody else'],
  email: ['E-mail address', 'no e-mail address was found'],
  email_verified: ['E-mail address verified', 'the e-mail address is not verified'],
  email_change: ['Change of e-mail address', 'the e-mail address changed'],
  name: ['Name', 'no name was found'],
  groups: ['Groups', 'the groups cannot be used'],
  subject: ['Subject', 'nothing says who this is'],
  trusted_metadata: ['Mapped attributes', 'mapped attributes cannot be used'],
  connection: ['Connection', 'the connection cannot be used'],
  binding: ['Binding', 'the answer came by another method than it must'],
  browser: ['Browser', 'the answer came in another browser than the one that started the login'],
  flow: ['Login that waits', 'no login was waiting for the answer'],
  member: ['Member', 'no active member here belongs to this person'],
  jit_provisioning: [
    'First sign-in',
    'this person is no member, and may not become one by signing in',
  ],
  auth_method: ['Login method', 'the organization does not allow SSO'],
  redirect_url: ['Redirect URL', 'the redirect URL is not registered'],
  idp_metadata: ['Metadata', 'the metadata cannot be used'],
}

/** The names that a filter for a failed check offers, by their titles. */
export function knownChecks(): (readonly [name: string, title: string])[] {
  const signatures = ['response', 'assertion'].flatMap((what) =>
    Object.keys(signatureParts).map((part) => `${what}_signature_${part}`),
  )
  return [...Object.keys(words), ...signatures]
    .map((name) => [name, checkTitle(name)] as const)
    .sort(([, a], [, b]) => a.localeCompare(b))
}

/** What a check looks at, such as `Audience`. */
export function checkTitle(name: string): string {
  return known(name)?.[0] ?? spaced(name)
}

/** What is wrong where a check failed, as the second half of a sentence. */
export function checkFailure(name: string): string {
  return known(name)?.[1] ?? `a check failed: ${spaced(name).toLowerCase()}`
}

function known(name: string): readonly [string, string] | undefined {
  return Object.hasOwn(words, name) ? words[name] : signatureWords(name)
}

const signatureParts: Record<string, readonly [string, string]> = {
  format: ['format', 'has a form that is not accepted'],
  algorithm: ['algorithm', 'uses an algorithm that is not accepted'],
  reference: ['reference', 'does not cover what it stands in'],
  digest: ['digest', 'does not fit: the content was changed after it was signed'],
  value: ['value', 'is wrong'],
  certificate: ['certificate', 'was made with a certificate that the connection does not have'],
}

/** `response_signature_digest` and its like, of the response and of the assertion. */
function signatureWords(name: string): readonly [string, string] | undefined {
  const [, what, part] = /^([a-z_]{1,40})_signature_([a-z]{1,20})$/.exec(name) ?? []
  const found = part && Object.hasOwn(signatureParts, part) ? signatureParts[part] : undefined
  if (!what || !found) return undefined
  const of = `ignature of the ${spaced(what).toLowerCase()}`
  return [`S${of}: ${found[0]}`, `the s${of} ${found[1]}`]
}

function spaced(name: string): string {
  const text = name.slice(0, 80).replaceAll('_', ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}
