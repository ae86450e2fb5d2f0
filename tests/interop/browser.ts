/** A real browser, Chromium from npm, with nothing of its security switched off but the sandbox (root). */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { atEnd } from './portcullis.ts'

let started: Promise<Browser> | undefined

/** A page in a browser of its own (no cookies, no cache); it goes when the run ends. */
export async function newPage(): Promise<Page> {
  started ??= start()
  const context = await (await started).newContext()
  context.setDefaultTimeout(15_000)
  return context.newPage()
}

async function start(): Promise<Browser> {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-chromium-'))
  atEnd(() => rm(folder, { recursive: true, force: true }))
  const executablePath = await unpack(folder)
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox'],
    env: {
      ...process.env,
      LD_LIBRARY_PATH: join(folder, 'al2023/lib'),
      FONTCONFIG_PATH: join(folder, 'fonts'),
    },
  })
  atEnd(() => browser.close())
  console.log(`# Chromium ${browser.version()}`)
  return browser
}

/**
 * Unpacks browser, fonts and libraries into `folder`. The package unpacks into TMPDIR, brings libraries
 * only where it sees AWS Lambda, and leaves LD_LIBRARY_PATH behind, which would spoil every other program.
 */
async function unpack(folder: string): Promise<string> {
  const before = { ...process.env }
  Object.assign(process.env, { TMPDIR: folder, AWS_LAMBDA_JS_RUNTIME: 'nodejs20.x' })
  try {
    const { default: package_ } = await import('@sparticuz/chromium')
    return await package_.executablePath()
  } finally {
    for (const name of ['TMPDIR', 'AWS_LAMBDA_JS_RUNTIME', 'LD_LIBRARY_PATH', 'FONTCONFIG_PATH'])
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
  }
}
