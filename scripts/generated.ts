/** Files that are made of others: written, or with `--check` compared with what is committed. */
import { readFile, writeFile } from 'node:fs/promises'

/** Writes the file, or with `--check` on the command line exits with 1 where it is not up to date. */
export async function writeGenerated(name: string, text: string, command: string): Promise<void> {
  const url = new URL(`../${name}`, import.meta.url)
  if (!process.argv.includes('--check')) return writeFile(url, text)
  const committed = await readFile(url, 'utf8').catch(() => '')
  if (committed === text) return
  console.error(`${name} is not up to date: run "${command}" and commit it.`)
  process.exitCode = 1
}
