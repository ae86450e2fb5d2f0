import type { CheckList } from './checks.ts'
import { PROTOCOL } from './namespaces.ts'
import {
  attributeValue,
  childElements,
  isElement,
  textContent,
  type XMLElement,
} from './xml-tree.ts'

const PREFIX = 'urn:oasis:names:tc:SAML:2.0:status:'
const SUCCESS = `${PREFIX}Success`

const FIXES = new Map([
  [
    'RequestDenied',
    'The identity provider refused this person. Assign the person, or a group of theirs, to this application there.',
  ],
  [
    'AuthnFailed',
    'The person could not sign in at the identity provider. Look for the reason in its own sign-in log.',
  ],
  [
    'UnknownPrincipal',
    'The identity provider does not know this person. Create the person there or assign them to this application.',
  ],
  [
    'InvalidNameIDPolicy',
    'The identity provider cannot send the NameID format that this connection asks for. Set the NameID format of this application there to e-mail address, or set the NameID format of this connection to unspecified.',
  ],
  [
    'NoPassive',
    'The identity provider wanted to show a page, but was asked not to. Start the login without a passive request.',
  ],
  [
    'NoAuthnContext',
    'The identity provider cannot sign this person in the way it was asked to. Remove the rule about the authentication method for this application there.',
  ],
])

const OTHER_FIX =
  'The identity provider refused the request. Check in its settings for this application that the ACS URL, the entity ID (audience) and the signing certificate are those of this connection; its own log says which one it did not like.'

/**
 * Status must be Success (Core 3.2.2.2). The code and message of any other are shown, since they
 * say why the identity provider refused; they never lead to an identity. `nameid_format` is what was asked for.
 */
export function checkStatus(
  status: XMLElement,
  nameid_format: string | undefined,
  checks: CheckList,
): void {
  const codes: string[] = []
  let children = childElements(status) ?? []
  const message = children.find((child) => isElement(child, PROTOCOL, 'StatusMessage'))
  const several = children.filter((child) => isElement(child, PROTOCOL, 'StatusCode')).length !== 1
  while (children[0] !== undefined && isElement(children[0], PROTOCOL, 'StatusCode')) {
    codes.push(attributeValue(children[0], 'Value') ?? '')
    children = childElements(children[0]) ?? []
  }
  if (codes.length === 1 && codes[0] === SUCCESS && !several) {
    checks.pass('status', { actual: SUCCESS })
    return
  }
  const words = codes.map((code) => (code.startsWith(PREFIX) ? code.slice(PREFIX.length) : code))
  const reason = message === undefined ? '' : (textContent(message) ?? '')
  const asked = words.includes('InvalidNameIDPolicy') ? nameid_format : undefined
  checks.fail('status', {
    error_type: 'failed_saml_response',
    message: 'The identity provider did not sign this person in.',
    expected: asked === undefined ? SUCCESS : `${SUCCESS}, with a NameID of the format ${asked}`,
    actual: [words.join(' / ') || 'no status', ...(reason === '' ? [] : [reason])].join(': '),
    fix: { who: 'it_admin', what: FIXES.get(words.at(-1) ?? '') ?? OTHER_FIX },
  })
}
