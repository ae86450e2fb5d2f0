/** What the documents point to is there: files, headings, scripts of npm, commands and their options. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runCommand } from '../src/cli/commands.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const patterns = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'docs/**/*.md',
  'examples/*/README.md',
]
const documents = patterns.flatMap((pattern) => {
  const found = globSync(pattern, { cwd: root }).sort()
  assert.notDeepEqual(found, [], pattern)
  return found
})
const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** The text without blocks of code, whose brackets are no links and whose `#` begin no headings. */
function prose(text: string): string {
  return text.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '')
}

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading] of prose(text).matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const shown = heading!.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    const slug = shown.toLowerCase().replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    const base = slug.replaceAll(' ', '-')
    let anchor = base
    for (let n = 1; anchors.has(anchor); n++) anchor = `${base}-${n}`
    anchors.add(anchor)
  }
  return anchors
}

function linksOf(text: string): string[] {
  const without = prose(text).replaceAll(/`[^`\n]*`/g, '`code`')
  const inline = [...without.matchAll(/\]\(<?([^)>\s]+)>?(?: "[^"]*")?\)/g)]
  const references = [...without.matchAll(/^\[[^\]]+\]: +<?([^>\s]+)>?/gm)]
  return [...inline, ...references].map(([, target]) => target!)
}

/** What is wrong with a link of a document, if anything is. */
function brokenLink(path: string, target: string): string | undefined {
  if (/^(https?|mailto):/.test(target)) return undefined
  const [file = '', anchor] = target.split('#')
  const full = file === '' ? join(root, path) : join(root, dirname(path), decodeURI(file))
  if (relative(root, full).startsWith('..')) return `${target} leaves the repository`
  if (!existsSync(full)) return `${target} is not there`
  if (anchor === undefined) return undefined
  if (!full.endsWith('.md'))
    return /^L\d+/.test(anchor) ? undefined : `${target}: no headings there`
  if (!statSync(full).isFile()) return `${target}: no file`
  return anchorsOf(readFileSync(full, 'utf8')).has(anchor)
    ? undefined
    : `${target}: no such heading`
}

/** The scripts of npm that a document names; `npm start` and `npm test` are scripts, too. */
function scriptsOf(text: string): string[] {
  const run = [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name]) => name!)
  return [...run, ...[...text.matchAll(/\bnpm (start|test)\b/g)].map(([, name]) => name!)]
}

/** The commands that a document names, each as the words after the program's, with its options. */
function commandsOf(text: string): { words: string[]; options: string[] }[] {
  const calls = text.matchAll(/(?:bin\/|[`$] ?|run |run -- )portcullis(?: --)? ([a-z][^`\n|;&]*)/g)
  return [...calls].map(([, rest]) => {
    const parts = rest!
      .split(/ # |\s+-{2}\s+/)[0]!
      .trim()
      .split(/\s+/)
    const end = parts.findIndex((part) => !/^[a-z][a-z-]*$/.test(part))
    const options = parts.filter((part) => /^--[a-z]/.test(part))
    return { words: end < 0 ? parts : parts.slice(0, end), options }
  })
}

async function helpOf(...args: string[]): Promise<string> {
  let text = ''
  const write = (part: string) => {
    text += part
  }
  assert.equal(await runCommand(args, { stdout: write, stderr: write }), 0, text)
  return text
}

/** The help of the command that these words begin with; arguments may follow its name. */
async function helpOfCommand(words: string[]): Promise<string | undefined> {
  const list = await helpOf('help')
  const names = [...list.matchAll(/^ {2}([a-z -]+?) {2,}/gm)].map(([, name]) => name!)
  const name = names.find((each) => `${words.join(' ')} `.startsWith(`${each} `))
  if (name) return helpOf(...name.split(' '), '--help')
  return words[0] === 'help' ? list : undefined
}

for (const path of documents) {
  test(`the links of ${path} lead somewhere`, () => {
    const broken = linksOf(read(path)).map((target) => brokenLink(path, target))
    assert.deepEqual(
      broken.filter((each) => each !== undefined),
      [],
    )
  })

  test(`the commands that ${path} names are there, with their options`, async () => {
    const text = read(path)
    const folder = path.startsWith('examples/') ? dirname(path) : '.'
    const packages = [folder, '.'].map((each) => join(each, 'package.json'))
    const scripts = packages
      .filter((each) => existsSync(join(root, each)))
      .flatMap((each) => Object.keys(JSON.parse(read(each)).scripts ?? {}))
    for (const name of scriptsOf(text)) assert.ok(scripts.includes(name), `npm run ${name}`)
    for (const { words, options } of commandsOf(text)) {
      const help = await helpOfCommand(words)
      assert.ok(help, `portcullis ${words.join(' ')}`)
      for (const option of options)
        assert.ok(help.includes(option.split('=')[0]!), `${words.join(' ')} ${option}`)
    }
  })
}

test('what these tests look for is found, and its absence noticed', async () => {
  const text = '# A `b` (c)\n[x](docs/none.md) [y](#a-b-c) `[z](no)`\n```\n[w](no)\n# D\n```\n'
  assert.deepEqual(linksOf(text), ['docs/none.md', '#a-b-c'])
  assert.deepEqual([...anchorsOf(text)], ['a-b-c'])
  assert.equal(brokenLink('README.md', 'docs/none.md'), 'docs/none.md is not there')
  assert.equal(brokenLink('README.md', '#no-such'), '#no-such: no such heading')
  assert.deepEqual(scriptsOf('`npm run nothing`, npm test'), ['nothing', 'test'])
  const [command] = commandsOf('`bin/portcullis keys rotate --project our-app` and more')
  assert.deepEqual(command, { words: ['keys', 'rotate'], options: ['--project'] })
  assert.equal(await helpOfCommand(['nothing', 'here']), undefined)
})
