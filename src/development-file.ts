import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What `npm start` keeps between runs, in `dev.json` of its data folder, readable by its owner alone. */
export interface DevelopmentFile {
  /** The key ring of this folder's database. */
  encryption_keys: string
  /** The database of the run under way, for the commands; empty when none runs. */
  database_url?: string
  project_id?: string
  secret?: string
  public_token?: string
  redirect_url?: string
  organization_id?: string
  saml_connection_id?: string
  oidc_connection_id?: string
  oidc_client_secret?: string
  /** What the example application signs its cookies with: logins outlast a restart. */
  example_session_secret?: string
  /** Private key (PKCS#8 PEM) and certificate of the test identity provider. */
  test_idp?: { saml_key: string; saml_certificate: string; oidc_key: string }
}

const path = (data_dir: string) => join(data_dir, 'dev.json')

/** Reads the file; a folder without one gets a new key ring. Throws where the file is damaged. */
export async function readDevelopmentFile(data_dir: string): Promise<DevelopmentFile> {
  try {
    return JSON.parse(await readFile(path(data_dir), 'utf8')) as DevelopmentFile
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      return { encryption_keys: `dev:${randomBytes(32).toString('base64')}` }
    throw new Error(
      `${path(data_dir)} cannot be read: ${(error as Error).message}. Mend it, or delete the folder ${data_dir} to start afresh.`,
    )
  }
}

/** Writes the file whole or not at all, mode 0600. */
export async function writeDevelopmentFile(data_dir: string, file: DevelopmentFile): Promise<void> {
  await mkdir(data_dir, { recursive: true, mode: 0o700 })
  const next = `${path(data_dir)}.${process.pid}`
  await writeFile(next, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 })
  await rename(next, path(data_dir))
}
