import type { Page } from 'playwright-core'
import { browser } from '../browser/chromium.ts'

let named = false

/** A page in a browser of its own (no cookies, no cache); it goes when the run ends. */
export async function newPage(): Promise<Page> {
  const chromium = await browser()
  if (!named) console.log(`# Chromium ${chromium.version()}`)
  named = true
  const context = await chromium.newContext()
  context.setDefaultTimeout(15_000)
  return context.newPage()
}
