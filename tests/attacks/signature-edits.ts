import type { SignOptions } from '../../src/saml/signing.test-kit.ts'
import { DSIG, replace, signAssertion } from './exchange.ts'
import type { Build } from './vector.ts'

export const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
export const MORE_2007 = 'http://www.w3.org/2007/05/xmldsig-more#'
export const RSA_SHA256 = `${MORE}rsa-sha256`
export const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256'
export const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#'
export const ENVELOPED = `${DSIG}enveloped-signature`
/** Everything of it is signed with the right key: only what the signature says of itself is wrong. */
export const saying =
  (from: string | RegExp, to: string, options: SignOptions = {}): Build =>
  (e) =>
    signAssertion(e.response(), { ...options, edit: (xml) => replace(xml, from, to) })
/** The same with something put in before a tag. */
export const before = (tag: string, insert: string): Build => saying(tag, insert + tag)
/** Signed in another way. */
export const signedWith =
  (options: SignOptions): Build =>
  (e) =>
    signAssertion(e.response(), options)

/** A DigestValue. */
export const value = (digest: string) => `<ds:DigestValue>${digest}</ds:DigestValue>`
