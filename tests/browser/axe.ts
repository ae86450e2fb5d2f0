/** What axe-core finds on a page: rules of WCAG 2.2, of HTML and of ARIA that a program can check. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'

let source: Promise<string> | undefined

interface Violation {
  id: string
  help: string
  nodes: { html: string; failureSummary?: string }[]
}

/** Fails where axe-core finds a violation, with the elements that it found it in. */
export async function assertAccessible(page: Page, name: string): Promise<void> {
  source ??= readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
  // Evaluated, not added as an element: the policy of the pages forbids scripts that are not their own.
  await page.evaluate(`window.axe ? undefined : (() => { ${await source} })()`)
  const found = (await page.evaluate(
    "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)",
  )) as Violation[]
  const told = found.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}\n${nodes.map((node) => `  ${node.html.slice(0, 300)}\n  ${node.failureSummary?.replaceAll('\n', ' ') ?? ''}`).join('\n')}`,
  )
  assert.deepEqual(told, [], name)
}
