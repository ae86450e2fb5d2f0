/** LemonLDAP::NG, a SAML (Lasso, xmlsec1) and OpenID provider in Perl; both in one process. */
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type KeyPair, newKeyPair } from './certificate.ts'
import { freePort, run, waitUntil } from './command.ts'
import { ensurePackages, versions } from './install.ts'
import { ada } from './logins.ts'
import { atEnd } from './portcullis.ts'
import { startService } from './service.ts'

/** A host of its own: cookies ignore ports. */
const host = '127.0.0.12'

const share = '/usr/share/lemonldap-ng/portal'

const perl = [
  'liblasso-perl',
  'libglib-perl',
  'libxml-simple-perl',
  'libio-string-perl',
  'libstring-random-perl',
  // It loads the captcha also where every captcha is off.
  'libgd-securityimage-perl',
  'libimage-magick-perl',
  'libcrypt-openssl-bignum-perl',
  'libcrypt-openssl-x509-perl',
  'libdbd-sqlite3-perl',
  'libplack-perl',
]

export async function prepareLemonLDAP(): Promise<string> {
  const name = 'liblemonldap-ng-portal-perl'
  await ensurePackages([name, ...perl, 'sqlite3', 'openssl'])
  const [version = ''] = await versions([name])
  return version.replace(`${name} `, '').replace(/\+.*/, '')
}

type Configuration = Record<string, unknown>

interface SAMLClient {
  metadata: string
  options?: Record<string, unknown>
}

export interface LemonLDAP {
  issuer: string
  saml_metadata_url: string
  /** Makes a service provider known; returns its name there. */
  registerSAML(client: SAMLClient): Promise<string>
  registerOIDC(
    redirect_uri: string,
    options?: Record<string, unknown>,
  ): Promise<{
    issuer: string
    client_id: string
    client_secret: string
  }>
  launchURL(name: string): string
  /** The last lines of its log. */
  output(): string
}

/** Starts it on a free port, with a SQLite database that holds Ada. */
export async function startLemonLDAP(): Promise<LemonLDAP> {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-lemonldap-'))
  atEnd(() => rm(folder, { recursive: true, force: true }))
  const port = await freePort(host)
  const portal = `http://${host}:${port}/`
  const configure = await writeFiles(folder, portal)
  const service = await startService({
    name: 'LemonLDAP::NG',
    program: 'plackup',
    args: ['-E', 'deployment', '-o', host, '-p', String(port), join(folder, 'portal.psgi')],
    env: { LLNG_DEFAULTCONFFILE: join(folder, 'llng.ini') },
    ready_url: `${portal}saml/metadata`,
  })
  return {
    issuer: portal,
    saml_metadata_url: `${portal}saml/metadata`,
    async registerSAML({ metadata, options }) {
      const name = `sp-${randomBytes(4).toString('hex')}`
      const exported = ['mail', 'firstName', 'lastName', 'memberOf', 'uid']
      await configure({
        samlSPMetaDataXML: { [name]: { samlSPMetaDataXML: metadata } },
        samlSPMetaDataExportedAttributes: {
          [name]: Object.fromEntries(exported.map((one) => [one, `1;${one};;`])),
        },
        samlSPMetaDataOptions: {
          [name]: {
            samlSPMetaDataOptionsNameIDFormat: 'email',
            samlSPMetaDataOptionsSignSSOMessage: 1,
            samlSPMetaDataOptionsCheckSSOMessageSignature: 1,
            samlSPMetaDataOptionsEncryptionMode: 'none',
            samlSPMetaDataOptionsEnableIDPInitiatedURL: 1,
            ...options,
          },
        },
      })
      return name
    },
    async registerOIDC(redirect_uri, options) {
      const name = `rp-${randomBytes(4).toString('hex')}`
      const client_secret = randomBytes(24).toString('base64url')
      const exported = {
        email: 'mail',
        name: 'cn',
        given_name: 'firstName',
        family_name: 'lastName',
        groups: 'memberOf;string;always',
      }
      await configure({
        oidcRPMetaDataExportedVars: { [name]: exported },
        oidcRPMetaDataOptionsExtraClaims: { [name]: { groups: 'groups' } },
        oidcRPMetaDataOptions: {
          [name]: {
            oidcRPMetaDataOptionsClientID: name,
            oidcRPMetaDataOptionsClientSecret: client_secret,
            oidcRPMetaDataOptionsRedirectUris: redirect_uri,
            oidcRPMetaDataOptionsBypassConsent: 1,
            oidcRPMetaDataOptionsIDTokenSignAlg: 'RS256',
            ...options,
          },
        },
      })
      return { issuer: portal, client_id: name, client_secret }
    },
    launchURL: (spConfKey) =>
      `${portal}saml/singleSignOn?${new URLSearchParams({ IDPInitiated: '1', spConfKey })}`,
    output: service.output,
  }
}

/** Writes all that it reads; returns what adds to its configuration while it runs, and waits until it has seen it. */
async function writeFiles(folder: string, portal: string) {
  for (const name of ['conf', 'sessions', 'lock', 'cache']) await mkdir(join(folder, name))
  await run('sqlite3', [join(folder, 'users.db'), users()])
  await writeFile(
    join(folder, 'llng.ini'),
    `[all]
logLevel = notice
checkTime = 1
[configuration]
type = File
dirName = ${folder}/conf
[portal]
staticPrefix = /static
templateDir = ${share}/templates
languages = en
`,
  )
  await writeFile(
    join(folder, 'portal.psgi'),
    `use Plack::Builder;
use Lemonldap::NG::Portal::Main;
builder {
    enable 'Static', path => sub { s{^/static/}{} }, root => '${share}/htdocs/static';
    enable 'Static', path => sub { s{^/javascript/}{} }, root => '/usr/share/javascript';
    Lemonldap::NG::Portal::Main->run({});
};
`,
  )
  let configuration = await firstConfiguration(folder, portal)
  let number = 0
  const write = async (more: Configuration) => {
    for (const [key, value] of Object.entries(more)) {
      const there = configuration[key]
      configuration[key] =
        typeof there === 'object' ? { ...there, ...(value as Configuration) } : value
    }
    number++
    // The logo tells which configuration a page was made with.
    configuration = { ...configuration, cfgNum: number, portalMainLogo: logo(number) }
    const file = join(folder, 'conf', `lmConf-${number}.json`)
    await writeFile(`${file}.tmp`, JSON.stringify(configuration))
    await rename(`${file}.tmp`, file)
  }
  await write({})
  return async (more: Configuration) => {
    await write(more)
    await waitUntil('LemonLDAP::NG with its new configuration', async () =>
      (await (await fetch(portal)).text()).includes(logo(number)),
    )
  }
}

function logo(number: number): string {
  return `common/logos/configuration-${number}.png`
}

function users(): string {
  const values = [
    ada.user,
    ada.password,
    ada.email,
    ada.first_name,
    ada.last_name,
    `${ada.first_name} ${ada.last_name}`,
    // It reads a list from one column.
    ada.groups.join('; '),
  ]
  return `CREATE TABLE users (uid, password, mail, firstName, lastName, cn, memberOf);
INSERT INTO users VALUES (${values.map((value) => `'${value.replaceAll("'", "''")}'`).join(', ')});`
}

async function firstConfiguration(folder: string, portal: string): Promise<Configuration> {
  const pair = await newKeyPair(folder, 'LemonLDAP')
  return {
    cfgAuthor: 'interop',
    cfgDate: '1',
    cfgVersion: '2.16.1',
    key: randomBytes(16).toString('hex'),
    domain: host,
    portal,
    cookieName: 'lemonldap',
    securedCookie: 0,
    // Over http Chromium drops what is SameSite=None.
    sameSite: 'Lax',
    whatToTrace: 'uid',
    locationRules: {},
    exportedHeaders: {},
    applicationList: {},
    ...storage(folder),
    ...samlService(pair),
    ...oidcService(pair, portal),
  }
}

function storage(folder: string): Configuration {
  const columns = ['uid', 'mail', 'firstName', 'lastName', 'cn', 'memberOf']
  return {
    globalStorage: 'Apache::Session::File',
    globalStorageOptions: {
      Directory: join(folder, 'sessions'),
      LockDirectory: join(folder, 'lock'),
      generateModule: 'Lemonldap::NG::Common::Apache::Session::Generate::SHA256',
    },
    localSessionStorage: 'Cache::FileCache',
    localSessionStorageOptions: { cache_root: join(folder, 'cache'), namespace: 'sessions' },
    authentication: 'DBI',
    userDB: 'Same',
    passwordDB: 'Null',
    dbiAuthChain: `dbi:SQLite:dbname=${join(folder, 'users.db')}`,
    dbiAuthUser: '',
    dbiAuthPassword: '',
    dbiAuthTable: 'users',
    dbiAuthLoginCol: 'uid',
    dbiAuthPasswordCol: 'password',
    dbiAuthPasswordHash: '',
    exportedVars: Object.fromEntries(columns.map((name) => [name, name])),
  }
}

function samlService({ key, certificate }: KeyPair): Configuration {
  return {
    issuerDBSAMLActivation: 1,
    samlServicePrivateKeySig: key,
    samlServicePublicKeySig: certificate,
    samlServiceUseCertificateInResponse: 1,
    samlServiceSignatureMethod: 'RSA_SHA256',
    samlSPMetaDataXML: {},
    samlSPMetaDataOptions: {},
    samlSPMetaDataExportedAttributes: {},
  }
}

function oidcService({ key, certificate }: KeyPair, portal: string): Configuration {
  return {
    issuerDBOpenIDConnectActivation: 1,
    oidcServiceMetaDataIssuer: portal,
    oidcServicePrivateKeySig: key,
    oidcServicePublicKeySig: certificate,
    oidcServiceKeyIdSig: 'first',
    oidcServiceAllowAuthorizationCodeFlow: 1,
    oidcRPMetaDataOptions: {},
    oidcRPMetaDataExportedVars: {},
    oidcRPMetaDataOptionsExtraClaims: {},
  }
}
