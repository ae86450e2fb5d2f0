import type { Profile } from './profile.ts'

/** Whom a verified Assertion says it was made for. */
export type Addressee = {
  /** the Recipient of the confirmation that holds */
  recipient: string
  /** the Audiences of each AudienceRestriction */
  audiences: readonly (readonly (string | null)[])[]
}

/**
 * An Assertion that answers no request must name this connection itself, as Recipient or as Audience.
 * Alternative addresses may be shared by connections of one identity provider, so that they alone do
 * not say which of them it was made for; there is no InResponseTo here that would say it. Destination
 * does not count: it is not signed where the Assertion alone is.
 */
export function checkAddressee(
  { recipient, audiences }: Addressee,
  { settings, in_response_to, checks }: Profile,
): void {
  if (in_response_to !== null) return
  // The connection's own come first.
  const [acs_url = ''] = settings.acs_urls
  const [audience = ''] = settings.audiences
  const named = audiences.every((restriction) => restriction.includes(audience))
  const expected =
    acs_url === audience
      ? `${acs_url} as Recipient or Audience`
      : `Recipient ${acs_url} or Audience ${audience}`
  const actual = `Recipient ${recipient}, Audience ${audiences.flat().join(', ')}`
  if (recipient === acs_url || named) {
    checks.pass('own_address', { expected, actual })
    return
  }
  checks.fail('own_address', {
    error_type: 'unsolicited_saml_response',
    message:
      'The login began at the identity provider and names this connection by its alternative addresses alone, which other connections may share.',
    expected,
    actual,
    fix: {
      who: 'it_admin',
      what: 'Begin the login at the application. To log in from the dashboard of the identity provider, register there the ACS URL shown as expected as the ACS URL or as the entity ID (audience) of this application.',
    },
  })
}
