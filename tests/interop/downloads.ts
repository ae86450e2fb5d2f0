/** What is fetched and built once and kept between runs, outside the repository: Keycloak, programs in Go, Python. */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'portcullis-interop')

let queue: Promise<unknown> = Promise.resolve()

/**
 * The folder of this name, whose content depends on the name alone (it holds the version): made by `make`
 * when it is missing, and whole or not there. One is made at a time; a build uses every core anyway.
 */
export function kept(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const turn = queue.then(() => find(name, make))
  queue = turn.catch(() => {})
  return turn
}

async function find(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cache, name)
  if (existsSync(folder)) return folder
  await mkdir(cache, { recursive: true })
  const fresh = await mkdtemp(`${folder}.making-`)
  const began = performance.now()
  try {
    await make(fresh)
    // Another run may have been faster; its folder holds the same.
    await rename(fresh, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
  console.log(`# made ${folder} in ${((performance.now() - began) / 1000).toFixed(1)} s`)
  return folder
}

/**
 * Begins to prepare something while the tests of other files still run. What fails here fails the tests
 * that await it, and no others.
 */
export function prepared<T>(prepare: () => Promise<T>): () => Promise<T> {
  let begun: Promise<T> | undefined
  const begin = () => {
    begun ??= prepare()
    return begun
  }
  begin().catch(() => {})
  return begin
}
