/** pysaml2, a SAML identity provider in Python that signs with xmlsec1: one process, a provider for every variant. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newKeyPair } from './certificate.ts'
import { attempt, freePort, run } from './command.ts'
import { kept } from './downloads.ts'
import { ensurePackages } from './install.ts'
import { ada } from './logins.ts'
import { atEnd } from './portcullis.ts'
import { startService } from './service.ts'

/** Hosts of their own: cookies ignore ports. */
const hosts = { right: '127.0.0.15', ahead: '127.0.0.16', behind: '127.0.0.17' }

export const version = '7.5.5'

const source = join(import.meta.dirname, 'pysaml2')

/** Installs it where it is missing; returns the Python that has it. */
export async function preparePysaml2(): Promise<string> {
  await ensurePackages(['xmlsec1', 'openssl', 'faketime'])
  const found = await attempt('python3', ['-c', 'import ensurepip, venv']).catch(() => null)
  if (found?.status !== 0) await ensurePackages(['python3', 'python3-venv'])
  const folder = await kept(`pysaml2-${version}`, async (fresh) => {
    await run('python3', ['-m', 'venv', fresh])
    const requirements = ['-r', join(source, 'requirements.txt')]
    const quiet = ['-q', '--disable-pip-version-check']
    await run(join(fresh, 'bin/python'), ['-m', 'pip', 'install', ...quiet, ...requirements])
  })
  return join(folder, 'bin/python')
}

export interface Pysaml2 {
  metadataURL(variant: string): string
  /** Where a login begins at the provider (IdP-initiated). */
  launchURL(variant: string, sp_entity_id: string): string
  /** Makes a service provider known to all variants. */
  register(sp_metadata: string): Promise<void>
}

/** Starts it with a clock that is right, or ten minutes ahead or behind. */
export async function startPysaml2(
  python: string,
  clock: keyof typeof hosts = 'right',
): Promise<Pysaml2> {
  const host = hosts[clock]
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-pysaml2-'))
  atEnd(() => rm(folder, { recursive: true, force: true }))
  await newKeyPair(folder, 'pysaml2')
  const port = await freePort(host)
  const base_url = `http://${host}:${port}`
  const command = [python, join(source, 'idp.py'), host, String(port), folder, ada.password]
  const shift = { right: [], ahead: ['faketime', '-f', '+10m'], behind: ['faketime', '-f', '-10m'] }
  const [program = '', ...args] = [...shift[clock], ...command]
  await startService({ name: 'pysaml2', program, args, ready_url: base_url })
  return {
    metadataURL: (variant) => `${base_url}/${variant}/metadata`,
    launchURL: (variant, sp) => `${base_url}/${variant}/launch?${new URLSearchParams({ sp })}`,
    async register(sp_metadata) {
      const response = await fetch(`${base_url}/sp`, { method: 'PUT', body: sp_metadata })
      if (!response.ok) throw new Error(`PUT /sp: ${response.status} ${await response.text()}`)
    },
  }
}
