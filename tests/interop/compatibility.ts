/** Collects what every test of a provider came to, for docs/idp-compatibility.md (WRITE_COMPATIBILITY=1). */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, type TestContext } from 'node:test'

export interface Provider {
  /** What the names of its tests begin with, up to the first colon. */
  name: string
  protocol: 'SAML' | 'OIDC'
  version: string
  notes: string
}

const providers: Provider[] = []
const results: { provider: string; variant: string; passed: boolean }[] = []

/** Names a provider, with the version that answered, once it has been started. */
export function describe(provider: Provider): void {
  if (providers.some(({ name }) => name === provider.name)) return
  providers.push(provider)
  console.log(`# ${provider.name} ${provider.version}`)
}

// At the root: it sees the tests of every file of the run.
afterEach((t) => {
  // Its types lack `passed`.
  const { name, passed } = t as TestContext & { passed: boolean }
  const [provider = '', ...variant] = name.split(': ')
  if (variant.length > 0) results.push({ provider, variant: variant.join(': '), passed })
})

after(async () => {
  if (process.env.WRITE_COMPATIBILITY !== '1') return
  const file = join(import.meta.dirname, '../../docs/idp-compatibility.md')
  await writeFile(file, page())
})

function page(): string {
  const known = providers.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const of = ({ name }: Provider) => results.filter(({ provider }) => provider === name)
  const rows = known.map((provider) => {
    const all = of(provider)
    const passed = all.filter((one) => one.passed).length
    const cells = [
      plain(provider),
      provider.version,
      provider.protocol,
      `${passed} of ${all.length}`,
    ]
    return `| ${[...cells, provider.notes].join(' | ')} |`
  })
  const details = known.map((provider) => {
    const lines = of(provider).map((one) => `- ${one.passed ? '' : '**failed:** '}${one.variant}`)
    return `## ${plain(provider)} ${provider.version}, ${provider.protocol}\n\n${lines.join('\n')}\n`
  })
  return `# Identity providers that were tried

Written by \`WRITE_COMPATIBILITY=1 npm run test:interop\`: every provider is the real program, registered through the public API alone (its metadata URL or issuer), and every login goes through a real browser. What ends in “refused” must be refused, and was, with a page that says why.

| Identity provider | Version | Protocol | As promised | Notes |
|---|---|---|---|---|
${rows.join('\n')}

${details.join('\n')}`
}

function plain({ name, protocol }: Provider): string {
  return name.replace(` ${protocol}`, '')
}
