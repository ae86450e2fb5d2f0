import type { Fix } from './checks.ts'
import type { Login } from './login.ts'

/** What an answer of the token endpoint said that is no token. */
export type Refused = { status: number; error: unknown; description: unknown; method: string }

/** What to do about a code that the token endpoint did not exchange (RFC 6749, section 5.2). */
export function exchangeFix(refused: Refused, login: Login): Fix {
  return { who: 'it_admin', what: entra(refused) ?? byError(refused, login) ?? byStatus(refused) }
}

// Entra has a number for each reason: https://login.microsoftonline.com/error
function entra({ description }: Refused): string | undefined {
  const [code] = /AADSTS\d+/.exec(String(description)) ?? []
  const reasons: Record<string, string> = {
    AADSTS7000222:
      'The client secret has expired. Make a new one and enter its Value as the client secret of this connection.',
    AADSTS7000215:
      'The client secret is wrong. Enter the Value of a secret as the client secret of this connection; the Secret ID beside it is not the secret.',
    AADSTS700016:
      'The client id is unknown in this tenant. Enter the “Application (client) ID” of the app’s overview page, and the issuer of the tenant that it was registered in.',
  }
  return code && reasons[code]
}

function byError({ error, method }: Refused, { expected }: Login): string | undefined {
  const client = `Enter the client id and secret of this connection anew, as the identity provider shows them; the secret may have expired or been replaced. The application must authenticate there with a client secret (sent by ${method}), not with a key or a certificate`
  const reasons = new Map<unknown, string>([
    ['invalid_client', `${client}.`],
    // Keycloak says so where the secret is wrong.
    ['unauthorized_client', `${client}, and be allowed the authorization code grant.`],
    [
      'invalid_grant',
      `Log in again, without the Back button. If it happens each time, register ${expected.redirect_uri} at the identity provider exactly so, and check that no other address is its client’s redirect URL.`,
    ],
  ])
  return reasons.get(error)
}

function byStatus({ status }: Refused): string {
  if (status === 404 || status === 405)
    return 'Correct the token URL of this connection: what answers there is no token endpoint. The discovery document of the identity provider (issuer + /.well-known/openid-configuration) names it as token_endpoint.'
  if (status >= 500)
    return 'The identity provider itself failed. Look at its status page or log and try again; if it stays, compare the token URL of this connection with token_endpoint in its discovery document.'
  return 'Look the error up in the sign-in log of the identity provider, under this application, at this time.'
}
