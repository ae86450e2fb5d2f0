// Asks verifyResponse about a message and tells what it said.
import assert from 'node:assert/strict'
import type { KeyObject } from 'node:crypto'
import { type Check, SAMLError, type SAMLErrorType } from './checks.ts'
import { type ResponseSettings, verifyResponse } from './response.ts'
import { ACS, encode, IDP, idp, NOW, REQUEST_ID } from './signing.test-kit.ts'

export type Asked = {
  key?: KeyObject
  keys?: ResponseSettings['keys']
  settings?: Partial<ResponseSettings>
  in_response_to?: string | null
  now?: Date
  /** the form field, if it is not simply the base64 of the XML */
  field?: string
}

export function pinned(key: KeyObject, fingerprint = 'pinned-1'): ResponseSettings['keys'] {
  return [{ certificate_id: 'certificate-1', fingerprint, key }]
}

/** Verifies with the settings that the default message fits. */
export function verify(xml: string, asked: Asked = {}): ReturnType<typeof verifyResponse> {
  return verifyResponse({
    saml_response: asked.field ?? encode(xml),
    settings: {
      idp_entity_id: IDP,
      acs_urls: [ACS],
      audiences: [ACS],
      keys: asked.keys ?? pinned(asked.key ?? idp.publicKey),
      allow_sha1_until: null,
      idp_initiated_auth_disabled: false,
      ...asked.settings,
    },
    in_response_to: asked.in_response_to === undefined ? REQUEST_ID : asked.in_response_to,
    now: asked.now ?? NOW,
  })
}

/** Verifies and returns the refusal; fails if the message is accepted. */
export function refusal(xml: string, asked: Asked = {}): SAMLError {
  try {
    const { identity } = verify(xml, asked)
    assert.fail(`accepted as ${identity.name_id}`)
  } catch (error) {
    if (error instanceof SAMLError) return error
    throw error
  }
}

/** Asserts that the message is refused by this check with this error type, and that the check says what to do. */
export function assertRefused(
  xml: string,
  check: string | RegExp,
  error_type: SAMLErrorType,
  asked: Asked = {},
): Check {
  const error = refusal(xml, asked)
  const failed = error.checks.at(-1)!
  if (typeof check === 'string') assert.equal(failed.name, check, error.message)
  else assert.match(failed.name, check, error.message)
  assert.equal(error.error_type, error_type, error.message)
  assert.equal(failed.verdict, 'fail')
  assert.ok(failed.fix !== undefined && failed.fix.what.length > 20)
  assert.equal(error.checks.filter(({ verdict }) => verdict === 'fail').length, 1)
  assert.ok(error.message.length > 10)
  return failed
}
