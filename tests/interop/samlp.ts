/** npm's samlp (Auth0), a SAML identity provider for Express: one process, a provider for every variant. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { newKeyPair } from './certificate.ts'
import { freePort, run } from './command.ts'
import { kept } from './downloads.ts'
import { ensurePackages } from './install.ts'
import { ada } from './logins.ts'
import { atEnd } from './portcullis.ts'
import { startService } from './service.ts'

/** A host of its own: cookies ignore ports. */
const host = '127.0.0.18'

export const version = '8.0.0'

/** Installs it where it is missing, in no package.json of this project; returns its folder. */
export async function prepareSamlp(): Promise<string> {
  await ensurePackages(['openssl'])
  return kept(`samlp-${version}`, async (folder) => {
    const packages = [`samlp@${version}`, 'express@4.21.2']
    const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefix', folder]
    await run('npm', ['install', ...options, ...packages], { cwd: folder })
  })
}

export interface Samlp {
  metadataURL(variant: string): string
  /** Where a login begins at the provider (IdP-initiated). */
  launchURL(variant: string, sp_entity_id: string): string
  /** Makes a service provider known to all variants. */
  register(sp_metadata: string): Promise<void>
}

export async function startSamlp(folder: string): Promise<Samlp> {
  const port = await freePort(host)
  const base_url = `http://${host}:${port}`
  const keys = await mkdtemp(join(tmpdir(), 'portcullis-samlp-'))
  atEnd(() => rm(keys, { recursive: true, force: true }))
  const { key_file, certificate_file } = await newKeyPair(keys, 'samlp')
  const program = fileURLToPath(new URL('./samlp-idp.ts', import.meta.url))
  await startService({
    name: 'samlp',
    program: process.execPath,
    args: [program, folder, host, String(port), ada.password, key_file, certificate_file],
    ready_url: base_url,
  })
  return {
    metadataURL: (variant) => `${base_url}/${variant}/metadata`,
    launchURL: (variant, sp) => `${base_url}/${variant}/launch?${new URLSearchParams({ sp })}`,
    async register(sp_metadata) {
      const response = await fetch(`${base_url}/sp`, { method: 'PUT', body: sp_metadata })
      if (!response.ok) throw new Error(`PUT /sp: ${response.status} ${await response.text()}`)
    },
  }
}
