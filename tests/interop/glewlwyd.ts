/** Glewlwyd, an OpenID provider in C, from Debian; each instance of its plug-in is an issuer of its own. */
import { randomBytes } from 'node:crypto'
import { cp, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { newKeyPair } from './certificate.ts'
import { freePort, run } from './command.ts'
import { ensurePackages, unpackedPackage } from './install.ts'
import { ada } from './logins.ts'
import { atEnd } from './portcullis.ts'
import { startService } from './service.ts'

/** A host of its own: cookies ignore ports. */
const host = '127.0.0.19'

interface Unpacked {
  program: string
  webapp: string
  version: string
}

/**
 * Fetches it where it is missing, with the libraries that it needs. It is not installed itself: Debian's
 * package asks for a database and starts a service.
 */
export async function prepareGlewlwyd(): Promise<Unpacked> {
  const names = ['glewlwyd', 'glewlwyd-common'] as const
  await ensurePackages(['sqlite3', 'openssl'])
  const [program, webapp] = [await unpackedPackage(names[0]), await unpackedPackage(names[1])]
  const listed = await run('apt-cache', ['depends', '--important', ...names])
  const needed = [...listed.matchAll(/^ {2}Depends: ((?:lib|fonts-)\S+)$/gm)]
  await ensurePackages(needed.map(([, name = '']) => name))
  const [, version = ''] = /_([\d.]+)/.exec(program.split('/').at(-1) ?? '') ?? []
  return { program, webapp, version }
}

type KeyKind = 'rsa' | 'ecdsa'

export interface Glewlwyd {
  /** A new issuer that knows one client; Ada has granted it everything. */
  newIssuer(
    redirect_uri: string,
    kind?: KeyKind,
  ): Promise<{ issuer: string; client_id: string; client_secret: string }>
}

/** Starts it on a free port with an empty SQLite database, and tells it about Ada. */
export async function startGlewlwyd(unpacked: Unpacked): Promise<Glewlwyd> {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-glewlwyd-'))
  atEnd(() => rm(folder, { recursive: true, force: true }))
  const port = await freePort(host)
  const base_url = `http://${host}:${port}`
  const webapp = await copyWebapp(unpacked.webapp, folder)
  const docs = join(unpacked.program, 'usr/share/doc/glewlwyd')
  const sql = join(folder, 'init.sql')
  await writeFile(sql, gunzipSync(await readFile(join(docs, 'database/init.sqlite3.sql.gz'))))
  await run('sqlite3', [join(folder, 'glewlwyd.db'), `.read ${sql}`])
  const file = join(folder, 'glewlwyd.conf')
  const sample = gunzipSync(await readFile(join(docs, 'glewlwyd.conf.sample.gz'))).toString()
  await writeFile(
    file,
    configured(sample, {
      port: String(port),
      bind_address: `"${host}"`,
      external_url: `"${base_url}"`,
      static_files_path: `"${webapp}"`,
      log_mode: '"console"',
      log_level: '"WARNING"',
      cookie_secure: '0',
      path: `"${join(folder, 'glewlwyd.db')}"`,
    }).replaceAll('"/usr/lib/glewlwyd', `"${join(unpacked.program, 'usr/lib/glewlwyd')}`),
  )
  await startService({
    name: 'Glewlwyd',
    program: join(unpacked.program, 'usr/bin/glewlwyd'),
    args: [`--config-file=${file}`],
    ready_url: `${base_url}/login.html`,
  })
  return setUp(base_url, folder)
}

/** The settings of the sample with some replaced, or added where they are commented out. */
function configured(sample: string, settings: Record<string, string>): string {
  let text = sample.replaceAll(/^cookie_domain.*$/gm, '')
  for (const [name, value] of Object.entries(settings)) {
    const line = new RegExp(`^(\\s*)${name}\\s*=.*$`, 'm')
    text = line.test(text)
      ? text.replace(line, (_all, indent: string) => `${indent}${name} = ${value}`)
      : `${name} = ${value}\n${text}`
  }
  return text
}

/** Its server of files follows no links, and Debian's package is full of them. */
async function copyWebapp(unpacked: string, folder: string): Promise<string> {
  const webapp = join(folder, 'webapp')
  const installed = '/usr/share/glewlwyd/webapp'
  await mkdir(webapp)
  const source = join(unpacked, installed)
  for (const entry of await readdir(source, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const relative = path.slice(source.length + 1)
    const target = join(webapp, relative)
    if (entry.isDirectory()) await mkdir(target, { recursive: true })
    else if (!entry.isSymbolicLink()) await cp(path, target)
    else {
      const linked = resolve(join(installed, relative, '..'), await readlink(path))
      // By mistake its target is a folder.
      const config = join(unpacked, linked, 'config.json')
      if (entry.name === 'config.json') await cp(config, target)
      else await cp(linked, target, { dereference: true }).catch(() => {})
    }
  }
  return `${webapp}/`
}

async function setUp(base_url: string, folder: string): Promise<Glewlwyd> {
  const admin = await session(base_url, 'admin', 'password')
  // It knows openid from the start.
  for (const name of ['email', 'profile'])
    await admin('POST', '/scope/', {
      name,
      display_name: name,
      password_required: true,
      password_max_age: 0,
      scheme: {},
    })
  await admin('POST', '/user/?source=database', {
    username: ada.user,
    password: ada.password,
    name: `${ada.first_name} ${ada.last_name}`,
    email: ada.email,
    enabled: true,
    scope: ['openid', 'email', 'profile'],
  })
  const keys = { rsa: await newKeyPair(folder, 'Glewlwyd'), ecdsa: await newECKey(folder) }
  return {
    async newIssuer(redirect_uri, kind = 'rsa') {
      const name = `oidc-${randomBytes(4).toString('hex')}`
      const issuer = `${base_url}/api/${name}`
      const { key, certificate } = keys[kind]
      const parameters = plugin(issuer, kind, key, certificate)
      await admin('POST', '/mod/plugin/', {
        module: 'oidc',
        name,
        display_name: name,
        order_rank: 0,
        parameters,
      })
      const client_secret = randomBytes(24).toString('base64url')
      await admin('POST', '/client/?source=database', {
        client_id: name,
        name: 'Portcullis',
        password: client_secret,
        confidential: true,
        enabled: true,
        redirect_uri: [redirect_uri],
        authorization_type: ['code'],
        token_endpoint_auth_method: ['client_secret_basic'],
        scope: ['openid', 'email', 'profile'],
      })
      const user = await session(base_url, ada.user, ada.password)
      await user('PUT', `/auth/grant/${name}`, { scope: 'openid email profile' })
      return { issuer, client_id: name, client_secret }
    },
  }
}

function plugin(iss: string, kind: KeyKind, key: string, cert: string) {
  return {
    iss,
    'jwt-type': kind,
    'jwt-key-size': '256',
    key,
    cert,
    'access-token-duration': 3600,
    'refresh-token-duration': 3600,
    'code-duration': 600,
    'refresh-token-rolling': true,
    'allow-non-oidc': false,
    'auth-type-code-enabled': true,
    'auth-type-refresh-enabled': true,
    'pkce-allowed': true,
    'email-claim': 'mandatory',
    'name-claim': 'mandatory',
  }
}

async function newECKey(folder: string) {
  const file = join(folder, 'ec.key')
  await run('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', file])
  const certificate = await run('openssl', ['ec', '-in', file, '-pubout'])
  const [, pem = ''] = /(-----BEGIN.*)/s.exec(certificate) ?? []
  return { key: await readFile(file, 'utf8'), certificate: pem }
}

/** Signs in and returns what calls its API with the cookie of that session; it throws where a call is refused. */
async function session(base_url: string, username: string, password: string) {
  const signed = await fetch(`${base_url}/api/auth/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password }),
  })
  if (!signed.ok) throw new Error(`${username} could not sign in: ${signed.status}`)
  const cookie = signed.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ')
  return async (method: string, path: string, body: unknown) => {
    const response = await fetch(`${base_url}/api${path}`, {
      method,
      headers: { cookie, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  }
}
