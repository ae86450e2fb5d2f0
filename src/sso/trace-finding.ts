/** What can be said of a login that has no failed check, because it simply went no further. */
import type { Check } from './flow.ts'
import { type KnownProvider, knownProvider } from './known-provider.ts'

export interface Finding {
  name: 'not_back_yet' | 'never_came_back' | 'exchange_never_ended' | 'token_never_redeemed'
  /** What happened, in a sentence. */
  what: string
  who: NonNullable<Check['fix']>['who']
  /** What to look at, the likeliest first. */
  hints: string[]
}

/** What a finding is made of: the row, and its connection as it is now. */
export interface FindingInput {
  state: string
  verified_at: Date | null
  arrived_at: Date | null
  connection_id: string
  connection_type: 'saml' | 'oidc' | null
  identity_provider: string | null
  /** The identity provider's single sign-on URL, or its issuer. */
  idp_address: string | null
  /** Where the browser was sent: the single sign-on URL, or the authorization URL. */
  sent_to: string | null
  /** Where the identity provider shall answer to during a migration, in place of this server. */
  alternative_acs_url: string | null
  /** Whether the application began the login with a `pkce_code_challenge`. */
  pkce: boolean
  tested_by: string | null
}

/** The finding for a login that waits or has expired; null for every other. */
export function findingOf(login: FindingInput): Finding | null {
  const { state } = login
  if (state !== 'started' && state !== 'expired') return null
  // A test has no token; one that stays so was cut short by the end of the process.
  if (login.verified_at) return login.tested_by ? null : neverRedeemed(login)
  if (login.arrived_at) return exchangeNeverEnded(state)
  const hints = [...hintsOf(login), ...wrongAddress(login), ...elsewhere(login)]
  if (state === 'started')
    return {
      name: 'not_back_yet',
      what: 'Started, not back from the identity provider so far. The person may still be signing in there; else look at these.',
      who: 'it_admin',
      hints,
    }
  return {
    name: 'never_came_back',
    what: 'Started, never came back: the identity provider sent nobody here within 30 minutes. Its own page said why, or the person gave up there.',
    who: 'it_admin',
    hints,
  }
}

function exchangeNeverEnded(state: string): Finding {
  return {
    name: 'exchange_never_ended',
    what: `The authorization code arrived, and its exchange ${state === 'started' ? 'has not ended so far' : 'never ended'}.`,
    who: 'operator',
    hints: [
      'Look into the log of this server at that time: the process ended, or the database did not answer, while it asked the token endpoint.',
    ],
  }
}

function neverRedeemed({ pkce }: FindingInput): Finding {
  return {
    name: 'token_never_redeemed',
    what: 'The person came back with a token, and the application did not redeem it within 5 minutes by sso.authenticate.',
    who: 'developer',
    hints: [
      'The redirect URL must answer with the code that reads `token` and calls sso.authenticate: look into the log of the application for that address at that time.',
      'The call must go to this server with the secret of this project: another base URL, or another project, does not know the token.',
      pkce
        ? 'The login was started with a pkce_code_challenge: the call must carry its pkce_code_verifier. A missing or wrong one (pkce_expected_code_verifier, pkce_mismatch) leaves the token unused.'
        : 'The login was started without a pkce_code_challenge: a call that carries a pkce_code_verifier is refused (pkce_did_not_expect_code_verifier) and leaves the token unused.',
    ],
  }
}

type Hints = (names: { reply_url: string; saml: boolean }) => string[]

const hintsByProvider: Record<KnownProvider, Hints> = {
  okta: ({ reply_url, saml }) => [
    'Not assigned: Okta shows “App Not Assigned” or “User is not assigned to the client application”. Assign the person, or a group of theirs, under Applications, the app, Assignments.',
    saml
      ? `Wrong reply URL: “Single sign-on URL” of the app must be ${reply_url}, and “Audience URI (SP Entity ID)” the audience_uri of the connection.`
      : `Wrong reply URL: “Sign-in redirect URIs” of the app must hold ${reply_url}.`,
    'The System Log of Okta has an entry for each refused attempt.',
  ],
  entra: ({ reply_url, saml }) => [
    'Not assigned: Entra shows AADSTS50105. Add the person or a group under Enterprise applications, the app, Users and groups, or switch off “Assignment required?” in its Properties.',
    saml
      ? `Wrong reply URL: Entra shows AADSTS50011. “Reply URL (Assertion Consumer Service URL)” must be ${reply_url}.`
      : `Wrong reply URL: Entra shows AADSTS50011. The redirect URIs of the app registration (platform Web) must hold ${reply_url}.`,
    saml
      ? 'Wrong identifier: Entra shows AADSTS700016. “Identifier (Entity ID)” must be the audience_uri of the connection.'
      : 'Wrong client id or tenant: Entra shows AADSTS700016.',
  ],
  google: ({ reply_url, saml }) => [
    saml
      ? 'Not assigned: Google shows 403 app_not_enabled_for_user. Switch the app on for everyone, or for the person’s organizational unit, under Apps, Web and mobile apps, the app, User access; this may take up to 24 hours.'
      : 'Not assigned: a consent screen of type Internal lets in people of its own Google Workspace alone.',
    saml
      ? `Wrong reply URL: “ACS URL” of the app must be ${reply_url}.`
      : `Wrong reply URL: Google shows redirect_uri_mismatch. “Authorized redirect URIs” of the client must hold ${reply_url}.`,
    ...(saml
      ? [
          'Wrong entity id: Google shows 403 app_not_configured_for_user or app_not_configured. “Entity ID” must be the audience_uri of the connection, in the same case. The same page comes to people who are signed in at Google with another account.',
        ]
      : []),
  ],
  adfs: ({ reply_url, saml }) => [
    'Not permitted: look at the access control policy of the relying party trust (or application group); it must let the person or a group of theirs in.',
    saml
      ? `Wrong reply URL: the relying party trust, Endpoints, must hold ${reply_url} as SAML Assertion Consumer with binding POST.`
      : `Wrong reply URL: the redirect URIs of the application must hold ${reply_url}.`,
    ...(saml
      ? [
          'Wrong identifier: the relying party trust, Identifiers, must hold the audience_uri of the connection; and Signature must hold its present signing certificate.',
        ]
      : []),
    'AD FS shows people an activity id alone; the reason stands under that id in the event log AD FS/Admin.',
  ],
  keycloak: ({ reply_url, saml }) => [
    'Wrong reply URL: Keycloak shows “Invalid redirect uri” or “Invalid parameter: redirect_uri”. ' +
      `“Valid redirect URIs” of the client must hold ${reply_url}.`,
    saml
      ? 'Wrong client: Keycloak shows “Client not found” or “Invalid requester”. “Client ID” must be the audience_uri of the connection; and where “Client signature required” is on, the client’s signing certificate must be the present one of the connection.'
      : 'Wrong client: Keycloak shows “Client not found” where client_id is not that of a client of this realm, or the client is disabled.',
    'Not permitted: where the authentication flow of the client asks for a role, the person must have it.',
  ],
  generic: ({ reply_url, saml }) => [
    'Not assigned: the person, or a group of theirs, must be assigned to the application at the identity provider.',
    saml
      ? `Wrong reply URL: the ACS URL (reply URL) at the identity provider must be ${reply_url}, and the entity id of the service provider the audience_uri of the connection.`
      : `Wrong reply URL: the redirect URIs of the client at the identity provider must hold ${reply_url}.`,
    'Ask the person what the identity provider’s page said, and look into its sign-in log at that time.',
  ],
}

function hintsOf(login: FindingInput): string[] {
  const { connection_id, connection_type, alternative_acs_url } = login
  if (connection_type === null) return ['The connection was deleted meanwhile.']
  const names = {
    reply_url:
      alternative_acs_url ||
      `the address of this server with the path /v1/b2b/sso/callback/${connection_id} (acs_url or redirect_url of the connection)`,
    saml: connection_type === 'saml',
  }
  return hintsByProvider[knownProvider(login)](names)
}

/** The page that the person was sent to may be none. */
function wrongAddress({ sent_to, connection_type }: FindingInput): string[] {
  if (!sent_to) return []
  const [setting, name] =
    connection_type === 'saml'
      ? ['idp_sso_url', 'single sign-on URL']
      : ['authorization_url', 'authorization_endpoint']
  return [
    `Wrong address: the person was sent to ${sent_to.slice(0, 300)}. Where that shows no sign-in page (not found, another product), correct ${setting} of the connection: the identity provider’s metadata name it as ${name}.`,
  ]
}

/** An answer that could not be told to be this login's has a row of its own. */
function elsewhere({ connection_id }: FindingInput): string[] {
  return [
    `If the person did see an error page here, it is a failed login of its own: search for the request id of that page, or list the failed logins of ${connection_id} at that time.`,
  ]
}
