/** SimpleSAMLphp, a SAML identity provider in PHP with an XML signature stack of its own (xmlseclibs). */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, run, waitUntil } from './command.ts'
import { ensurePackages, unpackedPackage, versions } from './install.ts'

/** A host of its own: cookies ignore ports, and those of the application must not mix with the provider's. */
const host = '127.0.0.2'

/** What one login is tried with; SimpleSAMLphp reads it afresh with each request. */
interface Variant {
  /** Addresses of the SP metadata that it knows. */
  sp_metadata_urls: string[]
  /** Options of saml20-idp-hosted.php; next.key and next.crt are the key that follows idp.key. */
  idp?: Record<string, unknown>
  /** Options that win over what the SP metadata ask for. */
  sp?: Record<string, unknown>
  /** Send attributes by their OID names, as Shibboleth does. */
  oid_names?: boolean
}

export interface SimpleSAMLphp {
  version: string
  metadata_url: string
  sso_url: string
  configure(variant: Variant): Promise<void>
  /** Where a login begins at the provider (IdP-initiated). */
  launchURL(sp_entity_id: string): string
  stop(): Promise<void>
}

/** The person whom the provider knows, with the password `secret`. */
export const ada = {
  uid: 'ada',
  mail: 'Ada.Lovelace@acme.test',
  givenName: 'Ada',
  sn: 'Lovelace',
  ou: 'Engines & Numbers',
  groups: ['staff', 'portal admins', 'Zürich <lab>'],
}

/** Starts it on a free port of 127.0.0.2, installing PHP and fetching SimpleSAMLphp where they are missing. */
export async function startSimpleSAMLphp(): Promise<SimpleSAMLphp> {
  await ensurePackages(['php-cli', 'php-xml', 'php-mbstring', 'openssl'])
  const root = await unpackedPackage('simplesamlphp')
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-simplesamlphp-'))
  const port = await freePort(host)
  const base_url = `http://${host}:${port}/simplesaml/`
  const configure = (variant: Variant) =>
    writeFile(join(folder, 'variant.json'), JSON.stringify(variant))
  await writeFiles(folder, root, base_url)
  await configure({ sp_metadata_urls: [] })
  const metadata_url = `${base_url}saml2/idp/metadata.php`
  const server = serve(folder, port)
  const stop = async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await waitUntil('SimpleSAMLphp', () => answers(metadata_url), server.output)
  } catch (error) {
    await stop()
    throw error
  }
  console.log(`# SimpleSAMLphp (${root.split('/').at(-1)}, ${await versions(['php-cli'])})`)
  const sso_url = `${base_url}saml2/idp/SSOService.php`
  return {
    version: /_([\d.]+)/.exec(root.split('/').at(-1) ?? '')?.[1] ?? '',
    metadata_url,
    sso_url,
    configure,
    launchURL: (spentityid) =>
      `${sso_url}?${new URLSearchParams({ spentityid, RelayState: 'https://elsewhere.example/' })}`,
    stop,
  }
}

/** Its errors come with the status 200: what counts is the document. */
async function answers(metadata_url: string): Promise<boolean> {
  const response = await fetch(metadata_url).catch(() => undefined)
  return (await response?.text())?.includes('EntityDescriptor') ?? false
}

/**
 * PHP's own server has workers that survive it. So a shell waits until its standard input closes, which
 * the end of this process does too, and ends the whole process group.
 */
const endTogether = 'php "$@" </dev/null & cat >/dev/null; kill -KILL 0'

function serve(folder: string, port: number) {
  const args = ['-d', 'opcache.enable_cli=1', '-S', `${host}:${port}`, '-t', join(folder, 'doc')]
  const child = spawn('sh', ['-c', endTogether, 'php', ...args], {
    detached: true,
    env: {
      ...process.env,
      SIMPLESAMLPHP_CONFIG_DIR: join(folder, 'config'),
      PHP_CLI_SERVER_WORKERS: '3',
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-20_000)
    })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    output: () => output,
    async stop() {
      child.stdin.end()
      await gone
    },
  }
}

async function writeFiles(folder: string, root: string, base_url: string): Promise<void> {
  for (const name of ['config', 'metadata', 'cert', 'log', 'data', 'tmp', 'sessions', 'doc'])
    await mkdir(join(folder, name))
  await symlink(join(root, 'usr/share/simplesamlphp/www'), join(folder, 'doc/simplesaml'))
  for (const name of ['idp', 'next']) {
    const cert = join(folder, 'cert', name)
    const files = ['-keyout', `${cert}.key`, '-out', `${cert}.crt`]
    const subject = ['-subj', '/CN=SimpleSAMLphp', '-days', '30']
    await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, ...files])
  }
  const written = {
    'config/config.php': configPHP(folder, root, base_url),
    'config/authsources.php': authsourcesPHP(),
    'metadata/saml20-idp-hosted.php': idpPHP(folder),
    'metadata/saml20-sp-remote.php': spPHP(folder),
  }
  for (const [name, text] of Object.entries(written)) await writeFile(join(folder, name), text)
}

/** A value as PHP source: JSON in single quotes, so that nothing in it is interpreted. */
function php(value: unknown): string {
  const json = JSON.stringify(value).replaceAll('\\', '\\\\').replaceAll("'", "\\'")
  return `json_decode('${json}', true)`
}

function readVariant(folder: string): string {
  return `$variant = json_decode(file_get_contents(${php(join(folder, 'variant.json'))}), true);`
}

function configPHP(folder: string, root: string, base_url: string): string {
  const settings = {
    baseurlpath: base_url,
    certdir: `${folder}/cert/`,
    loggingdir: `${folder}/log/`,
    datadir: `${folder}/data/`,
    tempdir: `${folder}/tmp`,
    metadatadir: `${folder}/metadata`,
    attributenamemapdir: `${root}/etc/simplesamlphp/attributemap/`,
    secretsalt: randomBytes(16).toString('hex'),
    'auth.adminpassword': randomBytes(16).toString('hex'),
    technicalcontact_name: 'Interop',
    technicalcontact_email: 'interop@acme.test',
    timezone: 'UTC',
    'logging.handler': 'file',
    'enable.saml20-idp': true,
    'module.enable': { exampleauth: true, core: true, saml: true },
    'store.type': 'phpsession',
    'session.phpsession.savepath': `${folder}/sessions`,
    'session.cookie.secure': false,
    'session.cookie.samesite': null,
    'language.cookie.secure': false,
    'language.cookie.samesite': null,
    'authproc.idp': [],
  }
  return `<?php
${readVariant(folder)}
$config = ${php(settings)};
$config['metadata.sources'] = [['type' => 'flatfile']];
foreach ($variant['sp_metadata_urls'] as $url)
    $config['metadata.sources'][] = ['type' => 'xml', 'url' => $url];
`
}

function authsourcesPHP(): string {
  const attributes = Object.entries(ada).map(([name, value]) => [name, [value].flat()])
  return `<?php
$config = ['users' => array_merge(['exampleauth:UserPass'], ${php({ 'ada:secret': Object.fromEntries(attributes) })})];
`
}

function idpPHP(folder: string): string {
  const nameID = {
    class: 'saml:AttributeNameID',
    attribute: 'mail',
    Format: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
  }
  const idp = {
    host: '__DEFAULT__',
    privatekey: 'idp.key',
    certificate: 'idp.crt',
    auth: 'users',
    authproc: { 10: nameID },
  }
  return `<?php
${readVariant(folder)}
$idp = array_merge(${php(idp)}, $variant['idp'] ?? []);
if ($variant['oid_names'] ?? false) {
    $idp['attributes.NameFormat'] = 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri';
    $idp['authproc'][20] = ['class' => 'core:AttributeMap', 'name2oid'];
}
$metadata['__DYNAMIC:1__'] = $idp;
`
}

/** The SP metadata with some of its wishes overridden; where none is, the xml source serves them as they are. */
function spPHP(folder: string): string {
  return `<?php
${readVariant(folder)}
foreach (empty($variant['sp']) ? [] : $variant['sp_metadata_urls'] as $url) {
    $sp = \\SimpleSAML\\Metadata\\SAMLParser::parseFile($url)->getMetadata20SP();
    $metadata[$sp['entityid']] = array_merge($sp, $variant['sp']);
}
`
}
