/**
 * The browser of these tests, one process a run: @sparticuz/chromium from npm on Linux x64, elsewhere an
 * installed Chromium, Chrome or Edge. CHROMIUM_PATH names another.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Browser, chromium } from 'playwright-core'
import { atEnd } from '../harness.ts'

const run = promisify(execFile)

// The arguments that @sparticuz/chromium proposes are not used: they switch off what is tested here
// (--disable-web-security), and end the browser at the second context (--single-process).
const args = [
  // Real-looking names without a hosts file, and never another address than this one.
  '--host-resolver-rules=MAP *.test 127.0.0.1, MAP localhost 127.0.0.1, MAP *.localhost 127.0.0.1',
]

let started: Promise<Browser> | undefined

/** The browser, started when first asked for. Rejects with what to install where there is none. */
export function browser(): Promise<Browser> {
  started ??= start()
  return started
}

async function start(): Promise<Browser> {
  const found = await findChromium()
  const launched = await launch(found, {}).catch((error: unknown) => {
    const missing = String(error).includes('error while loading shared libraries')
    if (!missing || !found.libraries) throw error
    return launch(found, { LD_LIBRARY_PATH: found.libraries })
  })
  atEnd(() => launched.close())
  return launched
}

function launch(found: Found, environment: Record<string, string>): Promise<Browser> {
  return chromium.launch({
    executablePath: found.executable,
    args,
    env: { ...process.env, ...found.environment, ...environment },
  })
}

interface Found {
  executable: string
  environment: Record<string, string>
  /** Libraries that came with it, for systems that have none. */
  libraries?: string
}

async function findChromium(): Promise<Found> {
  const chosen = process.env.CHROMIUM_PATH
  if (chosen) return { executable: chosen, environment: {} }
  if (process.platform === 'linux' && process.arch === 'x64') return unpacked()
  const executable = candidates().find((path) => existsSync(path))
  if (executable) return { executable, environment: {} }
  throw new Error(
    'The browser tests found no Chromium, Chrome or Edge. Install one, or set CHROMIUM_PATH to its program.',
  )
}

function candidates(): string[] {
  if (process.platform === 'darwin')
    return ['Google Chrome', 'Chromium', 'Microsoft Edge'].flatMap((name) =>
      ['/Applications', join(process.env.HOME ?? '', 'Applications')].map((folder) =>
        join(folder, `${name}.app`, 'Contents', 'MacOS', name),
      ),
    )
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
  return (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
}

/**
 * Unpacks once for each version, into node_modules/.cache: the package itself would take whatever stands
 * at a fixed name in the temporary folder.
 */
async function unpacked(): Promise<Found> {
  const entry = fileURLToPath(import.meta.resolve('@sparticuz/chromium'))
  const manifest = await readFile(join(dirname(entry), '..', 'package.json'), 'utf8')
  const { version } = JSON.parse(manifest) as { version: string }
  const cache = join(import.meta.dirname, '..', '..', 'node_modules', '.cache')
  const folder = join(cache, `chromium-${version}`)
  if (!existsSync(folder)) await unpack(cache, folder)
  const fonts = !existsSync('/etc/fonts/fonts.conf')
  return {
    executable: join(folder, 'chromium'),
    libraries: join(folder, 'al2023', 'lib'),
    // Without fonts all text has no size, and nothing counts as visible.
    environment: fonts ? { FONTCONFIG_PATH: join(folder, 'fonts') } : {},
  }
}

async function unpack(cache: string, folder: string): Promise<void> {
  await mkdir(cache, { recursive: true })
  const fresh = await mkdtemp(`${folder}-`)
  try {
    await run(process.execPath, [fileURLToPath(new URL('./unpack-chromium.ts', import.meta.url))], {
      env: { ...process.env, TMPDIR: fresh },
    })
    await writeFile(join(fresh, 'fonts', 'fonts.conf'), fontsConfiguration(join(folder, 'fonts')))
    // Another run may have been faster; its folder holds the same.
    await rename(fresh, folder).catch((error: unknown) => {
      if (!existsSync(join(folder, 'chromium'))) throw error
    })
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}

/** In place of the package's own, which knows only folders at fixed places. */
function fontsConfiguration(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${folder}</dir><cachedir>${folder}/cache</cachedir></fontconfig>
`
}
