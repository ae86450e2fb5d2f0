/** What every page promises to the eye and to a screen reader, whatever it shows. */
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'

/** Run in the page: what is wrong with it, as sentences. WCAG 2.2: contrast 1.4.3, labels 3.3.2, language 3.1.1. */
const inspection = `(dark) => {
  const problems = []
  const { scrollWidth, clientWidth } = document.documentElement
  if (scrollWidth > clientWidth) problems.push('scrolls sideways: ' + scrollWidth + ' > ' + clientWidth)
  if (document.documentElement.lang !== 'en') problems.push('no language')
  if (document.title === '') problems.push('no title')
  if (document.querySelectorAll('h1').length !== 1) problems.push('not one h1')
  for (const field of document.querySelectorAll('input:not([type=hidden]), select'))
    if (field.labels.length === 0) problems.push('no label: ' + field.outerHTML)
  const parse = (color) => {
    const [r, g, b, a = 1] = color.match(/[\\d.]+/g).map(Number)
    return { rgb: [r, g, b], a }
  }
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const { rgb, a } = parse(getComputedStyle(e).backgroundColor)
      if (a === 1) return rgb
      if (a > 0) problems.push('a translucent ground: ' + e.outerHTML.slice(0, 80))
    }
    return dark ? [18, 18, 18] : [255, 255, 255]
  }
  const page = luminance(ground(document.body))
  if (dark ? page > 0.1 : page < 0.8) problems.push('the ground is not ' + (dark ? 'dark' : 'light'))
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement
    const box = element.getBoundingClientRect()
    if (walker.currentNode.data.trim() === '' || !element.checkVisibility() || box.width <= 1) continue
    const style = getComputedStyle(element)
    const [over, under] = [luminance(parse(style.color).rgb), luminance(ground(element))].sort((a, b) => b - a)
    const ratio = (over + 0.05) / (under + 0.05)
    const size = parseFloat(style.fontSize)
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700)
    if (ratio < (large ? 3 : 4.5))
      problems.push('contrast ' + ratio.toFixed(2) + ': ' + walker.currentNode.data.trim().slice(0, 60))
  }
  return problems
}`

/**
 * Looks at the page on a telephone and on a desk, light and dark: it fits, can be read, and is complete.
 * SCREENSHOTS names a folder that gets a picture of each.
 */
export async function assertGoodLooks(page: Page, name: string): Promise<void> {
  await page.waitForLoadState()
  for (const width of [390, 1280])
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height: 844 })
      await page.emulateMedia({ colorScheme })
      const dark = colorScheme === 'dark'
      const problems = await page.evaluate(`(${inspection})(${dark})`)
      await keepPicture(page, `${name}-${width}-${colorScheme}`)
      assert.deepEqual(problems, [], `${name} at ${width} px, ${colorScheme}`)
    }
}

/** A picture of the whole page in the folder that SCREENSHOTS names, if it does. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS
  if (!folder) return
  await mkdir(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
}
