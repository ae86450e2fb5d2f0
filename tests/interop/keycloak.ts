/** Keycloak, a SAML and OpenID provider in Java, from Maven Central; each realm is a customer of its own. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, run } from './command.ts'
import { kept } from './downloads.ts'
import { ensurePrograms } from './install.ts'
import { ada } from './logins.ts'
import { atEnd } from './portcullis.ts'
import { startService } from './service.ts'

export const version = '26.7.3'

/** A host of its own: cookies ignore ports. */
const host = '127.0.0.11'

const settings = ['--db=dev-mem', '--health-enabled=false', '--metrics-enabled=false']

/** Fetches and builds it where that has not been done; returns its folder. */
export async function prepareKeycloak(): Promise<string> {
  await ensurePrograms({ java: 'default-jre-headless', mvn: 'maven' })
  return kept(`keycloak-${version}`, async (folder) => {
    const artifact = `org.keycloak:keycloak-quarkus-dist:${version}:tar.gz`
    const args = [`-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`]
    const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy'
    await run('mvn', ['-q', '-B', plugin, ...args], { cwd: folder })
    const file = join(folder, `keycloak-quarkus-dist-${version}.tar.gz`)
    await run('tar', ['-xzf', file, '-C', folder, '--strip-components=1'])
    await rm(file)
    await run(join(folder, 'bin/kc.sh'), ['build', ...settings])
  })
}

export interface Keycloak {
  base_url: string
  /** A call of the admin API; throws where it is refused. */
  admin(method: string, path: string, body?: unknown): Promise<unknown>
}

/** Starts it with an empty database in memory. */
export async function startKeycloak(folder: string): Promise<Keycloak> {
  const port = await freePort(host)
  const base_url = `http://${host}:${port}`
  const password = randomBytes(16).toString('hex')
  // The gzipped theme files and transaction logs that it writes.
  const data = await mkdtemp(join(tmpdir(), 'portcullis-keycloak-'))
  atEnd(() => rm(data, { recursive: true, force: true }))
  await startService({
    name: 'Keycloak',
    program: join(folder, 'bin/kc.sh'),
    args: [
      'start',
      '--optimized',
      // Without it, it listens for a cluster on the machine's outer address.
      '--cache=local',
      '--http-enabled=true',
      `--http-host=${host}`,
      `--http-port=${port}`,
      `--hostname=${base_url}`,
    ],
    env: {
      KC_BOOTSTRAP_ADMIN_USERNAME: 'admin',
      KC_BOOTSTRAP_ADMIN_PASSWORD: password,
      JAVA_OPTS_KC_HEAP: '-Xms64m -Xmx384m',
      JAVA_OPTS_APPEND: `-XX:-UseG1GC -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.io.tmpdir=${data}`,
    },
    ready_url: `${base_url}/realms/master`,
  })
  return { base_url, admin: adminOf(base_url, password) }
}

/** Its tokens know only the realms that were there when they were issued, so each call gets a new one. */
function adminOf(base_url: string, password: string): Keycloak['admin'] {
  return async (method, path, body) => {
    const form = { grant_type: 'password', client_id: 'admin-cli', username: 'admin', password }
    const issued = await fetch(`${base_url}/realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
    })
    const { access_token } = (await issued.json()) as { access_token: string }
    const xml = typeof body === 'string'
    const response = await fetch(`${base_url}/admin/realms${path}`, {
      method,
      headers: {
        authorization: `Bearer ${access_token}`,
        'content-type': xml ? 'application/xml' : 'application/json',
      },
      ...(body !== undefined && { body: xml ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }
}

export interface Realm {
  name: string
  issuer: string
  saml_metadata_url: string
  saml_url: string
  admin: Keycloak['admin']
}

/** A new realm, with keys of its own, that knows Ada, and Mallory, whose address it has not verified. */
export async function newRealm({ admin, base_url }: Keycloak): Promise<Realm> {
  const name = `acme-${randomBytes(4).toString('hex')}`
  const user = (username: string, email: string, more: Record<string, unknown>) => ({
    username,
    email,
    enabled: true,
    credentials: [{ type: 'password', value: ada.password, temporary: false }],
    ...more,
  })
  await admin('POST', '', {
    realm: name,
    enabled: true,
    sslRequired: 'none',
    // The default, Argon2, takes a while on purpose.
    passwordPolicy: 'hashAlgorithm(pbkdf2-sha256) and hashIterations(1)',
    groups: ada.groups.map((group) => ({ name: group })),
    users: [
      user(ada.user, ada.email, {
        firstName: ada.first_name,
        lastName: ada.last_name,
        emailVerified: true,
        groups: ada.groups.map((group) => `/${group}`),
      }),
      user('mallory', 'mallory@elsewhere.test', {
        firstName: 'Mallory',
        lastName: 'Unverified',
        emailVerified: false,
      }),
    ],
  })
  const issuer = `${base_url}/realms/${name}`
  const saml_url = `${issuer}/protocol/saml`
  return {
    name,
    issuer,
    saml_metadata_url: `${saml_url}/descriptor`,
    saml_url,
    admin: (method, path, body) => admin(method, `/${name}${path}`, body),
  }
}

/** Makes a new key the one that signs, at once and without overlap, as its administrators can. */
export async function rotate(realm: Realm, provider = 'rsa-generated', config = {}) {
  const { id } = (await realm.admin('GET', '')) as { id: string }
  await realm.admin('POST', '/components', {
    name: `key-${randomBytes(4).toString('hex')}`,
    providerId: provider,
    providerType: 'org.keycloak.keys.KeyProvider',
    parentId: id,
    config: { priority: [String(Date.now())], enabled: ['true'], active: ['true'], ...config },
  })
}

/** Imports our metadata as a client, with `attributes` in place of what the importer made of them. */
export async function registerSAML(
  realm: Realm,
  metadata: string,
  attributes: Record<string, string> = {},
  groups_in_one_attribute = true,
): Promise<void> {
  const converter = '/client-description-converter'
  const imported = (await realm.admin('POST', converter, metadata)) as Record<string, unknown>
  const property = (name: string, source = name) => ({
    name,
    protocol: 'saml',
    protocolMapper: 'saml-user-property-mapper',
    config: { 'user.attribute': source, 'attribute.name': name },
  })
  await realm.admin('POST', '/clients', {
    ...imported,
    attributes: { ...(imported.attributes as object), ...attributes },
    protocolMappers: [
      property('email'),
      property('firstName'),
      property('lastName'),
      property('uid', 'id'),
      {
        name: 'groups',
        protocol: 'saml',
        protocolMapper: 'saml-group-membership-mapper',
        config: {
          'attribute.name': 'groups',
          single: String(groups_in_one_attribute),
          'full.path': 'false',
        },
      },
    ],
  })
}

/** Registers us as an OpenID client; returns its id and secret. */
export async function registerOIDC(
  realm: Realm,
  redirect_uri: string,
  attributes: Record<string, string> = {},
) {
  const client_id = `portcullis-${randomBytes(4).toString('hex')}`
  const client_secret = randomBytes(24).toString('base64url')
  await realm.admin('POST', '/clients', {
    clientId: client_id,
    secret: client_secret,
    protocol: 'openid-connect',
    publicClient: false,
    redirectUris: [redirect_uri],
    attributes: { 'pkce.code.challenge.method': 'S256', ...attributes },
    protocolMappers: [
      {
        name: 'groups',
        protocol: 'openid-connect',
        protocolMapper: 'oidc-group-membership-mapper',
        config: { 'claim.name': 'groups', 'full.path': 'false', 'id.token.claim': 'true' },
      },
    ],
  })
  return { client_id, client_secret, issuer: realm.issuer }
}
