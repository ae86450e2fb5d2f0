/** A thread of `attack-report.ts`: gives messages to the libraries that others verify SAML with. */
import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'

/** What a library needs to know of a connection. */
export interface PeerSettings {
  /** The folder that the libraries are installed in. */
  folder: string
  idp_entity_id: string
  acs: string
  audience: string
  certificates: readonly string[]
  private_key: string
}

export interface PeerMessage {
  peer: PeerName
  saml_response: string
  request_id: string
  encrypted: boolean
}

/** What a library says of a message: the words of its refusal, or the identity that it returns. */
export type PeerAnswer = { refused: string } | { identity: string }

export const PEERS = {
  '@node-saml/node-saml': '5.1.0',
  samlify: '2.13.1',
  '@stytch/samlshield': '0.4.0',
} as const
export type PeerName = keyof typeof PEERS

type Ask = (message: PeerMessage) => Promise<unknown>

/** node-saml takes a signature of the Response or of the Assertion here; its default demands both. */
function nodeSAML(load: NodeJS.Require, settings: PeerSettings): Ask {
  const { SAML } = load('@node-saml/node-saml') as {
    SAML: new (
      options: object,
    ) => { validatePostResponseAsync(body: object): Promise<{ profile: unknown }> }
  }
  return async ({ saml_response, request_id }) => {
    const requests = new Map([[request_id, new Date().toISOString()]])
    const saml = new SAML({
      callbackUrl: settings.acs,
      issuer: settings.audience,
      audience: settings.audience,
      idpIssuer: settings.idp_entity_id,
      idpCert: settings.certificates,
      decryptionPvk: settings.private_key,
      acceptedClockSkewMs: 60_000,
      wantAssertionsSigned: false,
      wantAuthnResponseSigned: false,
      validateInResponseTo: 'always',
      cacheProvider: {
        saveAsync: async () => null,
        getAsync: async (key: string) => requests.get(key) ?? null,
        removeAsync: async (key: string | null) => key,
      },
    })
    const { profile } = await saml.validatePostResponseAsync({ SAMLResponse: saml_response })
    if (profile === null) throw new Error('no profile')
    return profile
  }
}

interface Samlify {
  setSchemaValidator(validator: object): void
  IdentityProvider(settings: object): object
  ServiceProvider(settings: object): {
    parseLoginResponse(idp: object, binding: string, request: object): Promise<{ extract: unknown }>
  }
}

/** samlify leaves the schema to others; it is told beforehand whether the assertion is encrypted. */
function samlify(load: NodeJS.Require, settings: PeerSettings): Ask {
  const library = load('samlify') as Samlify
  library.setSchemaValidator({ validate: async () => 'skipped' })
  const bindings = 'urn:oasis:names:tc:SAML:2.0:bindings:'
  const sp = library.ServiceProvider({
    entityID: settings.audience,
    encPrivateKey: settings.private_key,
    clockDrifts: [-60_000, 60_000],
    assertionConsumerService: [{ Binding: `${bindings}HTTP-POST`, Location: settings.acs }],
  })
  return async ({ saml_response, encrypted }) => {
    const idp = library.IdentityProvider({
      entityID: settings.idp_entity_id,
      signingCert: settings.certificates.map((pem) => pem.replace(/-----[A-Z ]+-----|\s/g, '')),
      isAssertionEncrypted: encrypted,
      singleSignOnService: [
        { Binding: `${bindings}HTTP-Redirect`, Location: 'https://idp.example/sso' },
      ],
    })
    const request = { body: { SAMLResponse: saml_response } }
    const { extract } = await sp.parseLoginResponse(idp, 'post', request)
    return extract
  }
}

/** samlshield looks at the form of a message alone; what it lets through goes on to a library. */
function samlshield(load: NodeJS.Require): Ask {
  const { validateSAMLResponse } = load('@stytch/samlshield') as {
    validateSAMLResponse(options: object): Promise<void>
  }
  return async ({ saml_response }) => {
    await validateSAMLResponse({ response_xml: saml_response })
    return 'let through'
  }
}

function listen(settings: PeerSettings): void {
  const load = createRequire(`${settings.folder}/package.json`)
  const ask: Record<PeerName, Ask> = {
    '@node-saml/node-saml': nodeSAML(load, settings),
    samlify: samlify(load, settings),
    '@stytch/samlshield': samlshield(load),
  }
  parentPort?.on('message', (message: PeerMessage) => {
    ask[message.peer](message).then(
      (identity) => parentPort?.postMessage({ identity: JSON.stringify(identity) }),
      (error: unknown) => parentPort?.postMessage({ refused: String(error).slice(0, 300) }),
    )
  })
}

if (parentPort !== null) listen(workerData as PeerSettings)
