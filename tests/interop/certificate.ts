import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './command.ts'

export interface KeyPair {
  key_file: string
  certificate_file: string
  key: string
  certificate: string
}

/** A new RSA key with its certificate, in files of the folder; made by openssl. */
export async function newKeyPair(folder: string, subject: string): Promise<KeyPair> {
  const [key_file, certificate_file] = [join(folder, 'idp.key'), join(folder, 'idp.crt')]
  const files = ['-keyout', key_file, '-out', certificate_file]
  const about = ['-subj', `/CN=${subject}`, '-days', '30']
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...about, ...files])
  const [key, certificate] = [
    await readFile(key_file, 'utf8'),
    await readFile(certificate_file, 'utf8'),
  ]
  return { key_file, certificate_file, key, certificate }
}
