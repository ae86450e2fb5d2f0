/** Answers that came by another way than the one that was asked for: what came, and who set it up so. */
import type { Services } from '../context.ts'
import { statement } from '../db/connect.ts'
import { hashToken } from '../db/secrets.ts'
import { printable } from '../saml/checks.ts'
import { type Connection, callbackURL } from './connections.ts'
import type { Check } from './flow.ts'

type Found = Required<Pick<Check, 'expected' | 'actual' | 'fix'>>

const postBinding =
  'In the identity provider, set the binding by which this application is answered (binding of the ACS URL) to HTTP-POST.'

/** What is to be said of a callback whose method is not that of the protocol. */
export function wrongBinding({ type }: Connection, request: Request): Found {
  if (type === 'oidc')
    return {
      expected: 'GET with code and state in the query',
      actual: 'POST',
      fix: {
        who: 'it_admin',
        what: 'In the identity provider, set the response mode of this application to query, and its response type to code. An identity provider that speaks SAML needs a SAML connection.',
      },
    }
  const query = new URL(request.url).searchParams
  const message = ['SAMLResponse', 'SAMLart', 'SAMLRequest'].find((name) => query.has(name))
  return {
    expected: 'SAMLResponse in a POST (HTTP-POST binding)',
    actual: message ? `${message} in a GET (${bindings[message]})` : 'GET without a message',
    fix: {
      who: 'it_admin',
      what: message
        ? postBinding
        : 'Log in from the application: the ACS URL takes answers of the identity provider alone. If a tile of the identity provider leads here, set the start URL (start page, sign on URL) of this application there to the login page of the application, or leave it empty.',
    },
  }
}

const bindings: Record<string, string> = {
  SAMLResponse: 'HTTP-Redirect binding',
  SAMLart: 'HTTP-Artifact binding',
  SAMLRequest: 'a request, such as one to log out',
}

/** What is to be said of a form that holds not one SAMLResponse; `actual` goes after the counts. */
export function wrongForm(form: URLSearchParams): { actual: string; fix: Found['fix'] } {
  if (form.has('wresult') || form.has('wa'))
    return {
      actual: ', but wa and wresult of WS-Federation',
      fix: {
        who: 'it_admin',
        what: 'Set this application up in the identity provider as SAML 2.0, not as WS-Federation. In AD FS: the relying party trust, Properties, Endpoints: a SAML Assertion Consumer with binding POST, and no WS-Federation endpoint.',
      },
    }
  if (form.has('code') || form.has('id_token'))
    return {
      actual: ', but an answer of OpenID Connect',
      fix: {
        who: 'it_admin',
        what: 'Set this application up in the identity provider as SAML 2.0, or use an OpenID Connect connection here.',
      },
    }
  return { actual: '', fix: { who: 'it_admin', what: postBinding } }
}

/**
 * What is to be said of a verified Response that answers a request, but does not lead to its login: it
 * came to another connection's address, or without the RelayState that it was sent with. Null where
 * nothing more is known.
 */
export async function lostLogin(
  services: Services,
  connection: Connection,
  relay_state: string,
): Promise<Found | null> {
  const { base_url } = services.config
  const expected = 'the RelayState that was sent with the request'
  if (!/^[A-Za-z0-9_-]{43}$/.test(relay_state)) {
    const actual =
      relay_state === '' ? 'no RelayState' : `another RelayState${address(relay_state)}`
    return { expected, actual, fix: { who: 'it_admin', what: keepRelayState } }
  }
  const rows = await statement<{ connection_id: string }>(
    services.db,
    'select connection_id from sso_flows where project_id = $1 and state_hash = $2',
    [connection.project_id, hashToken(relay_state)],
  )
  if (!rows[0] || rows[0].connection_id === connection.connection_id) return null
  const [begun, here] = [rows[0], connection].map((one) => callbackURL(base_url, one.connection_id))
  return {
    expected: `an answer to ${begun}, where the login began`,
    actual: `an answer to ${here}`,
    fix: {
      who: 'it_admin',
      what: `In the identity provider, set the ACS URL of this application to ${begun}: it is that of another connection of this server. If the application has both, begin the login over the connection whose address it has.`,
    },
  }
}

/** An address in place of a RelayState; anything else could be a secret that was mangled. */
function address(relay_state: string): string {
  const url = URL.parse(relay_state)
  if (!url?.protocol.startsWith('http')) return ''
  return `: ${printable(`${url.origin}${url.pathname}`, 100)}`
}

const keepRelayState =
  'The identity provider must send back the RelayState that it was given. Remove a fixed RelayState or start URL from this application there (Okta: “Default RelayState”; Google: “Start URL”), or a rule or proxy that drops it, then log in again from the application.'
