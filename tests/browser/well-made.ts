/** What every page on Tabler promises, whatever it shows. The pages without it are in appearance.ts. */
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { keepPicture } from './appearance.ts'
import { assertAccessible } from './axe.ts'
import { documentOf } from './visitor.ts'

const desk = { width: 1280, height: 844 }
const telephone = { width: 390, height: 844 }
const looks = [
  { ...desk, colorScheme: 'light', axe: true },
  { ...desk, colorScheme: 'dark', axe: false },
  { ...telephone, colorScheme: 'light', axe: false },
  { ...telephone, colorScheme: 'dark', axe: true },
] as const

// The pages on Tabler carry their theme as an attribute, which follows the medium a moment later.
const themed = (theme: string) => `new Promise((resolve, reject) => {
  const { dataset } = document.documentElement
  const began = Date.now()
  const check = () => {
    const media = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
    if (media === '${theme}' && (dataset.bsTheme ?? media) === media) return resolve()
    if (Date.now() - began > 5000) return reject(new Error('the theme is not ${theme}'))
    setTimeout(check, 10)
  }
  check()
})`
const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'

/**
 * Looks at a page on Tabler on a telephone and on a desk, light and dark: one h1, nothing to scroll sideways,
 * nothing for axe-core to find. `briefly` on a telephone in the dark alone, for what stands in other words on
 * a page that was looked at before. SCREENSHOTS names a folder that gets a picture of each.
 */
export async function assertWellMade(
  page: Page,
  name: string,
  { status = 200, briefly = false } = {},
): Promise<void> {
  const response = documentOf(page)
  assert.equal(response.status(), status, name)
  const policy = response.headers()['content-security-policy'] ?? ''
  for (const rule of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"])
    assert.ok(policy.includes(rule), `${name}: ${rule}`)
  assert.doesNotMatch(policy, /unsafe/, name)
  assert.equal(response.headers()['x-content-type-options'], 'nosniff', name)
  await page.waitForLoadState()
  assert.equal(await page.locator('h1').count(), 1, `${name}: one h1`)
  for (const { width, height, colorScheme, axe } of briefly ? looks.slice(-1) : looks) {
    const at = `${name}-${width}-${colorScheme}`
    await page.setViewportSize({ width, height })
    await page.emulateMedia({ colorScheme })
    await page.evaluate(themed(colorScheme))
    await keepPicture(page, at)
    assert.equal(await page.evaluate(overflow), 0, `${at} scrolls sideways`)
    if (axe) await assertAccessible(page, at)
  }
}
