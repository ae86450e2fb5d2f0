/**
 * Writes `docs/attack-report.md`: the answers of tests/attacks/ at our callback, and at the libraries
 * that others verify SAML with, which are installed into a temporary folder.
 */
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { startEmbedded } from '../src/db/embedded.ts'
import { sp } from '../src/saml/encrypting.test-kit.ts'
import { IDP } from '../src/saml/signing.test-kit.ts'
import type { Arena } from '../tests/attacks/arena.ts'
import { ATTACKS, CLASSES } from '../tests/attacks/corpus.ts'
import { certificates, FORGED } from '../tests/attacks/exchange.ts'
import { HONEST } from '../tests/attacks/honest.ts'
import { fieldOf } from '../tests/attacks/vector.ts'
import {
  PEERS,
  type PeerAnswer,
  type PeerMessage,
  type PeerName,
  type PeerSettings,
} from './attack-peers.ts'
import { writeGenerated } from './generated.ts'

const TIMEOUT_MS = 5_000
const peers = Object.keys(PEERS) as PeerName[]
const OURS = 'Portcullis'
const columns = [OURS, ...peers]

/** accepted: with the identity that was signed; forged: as somebody else. */
type Verdict = 'refused' | 'accepted' | 'forged' | 'timeout'

interface Row {
  class: string
  name: string
  verdicts: Map<string, Verdict>
}

/** The libraries in a thread of their own, which is ended where it does not answer in time. */
class Peers {
  readonly #settings: PeerSettings
  #worker: Worker | null = null

  constructor(settings: PeerSettings) {
    this.#settings = settings
  }

  ask(message: PeerMessage): Promise<PeerAnswer | null> {
    this.#worker ??= new Worker(new URL('./attack-peers.ts', import.meta.url), {
      workerData: this.#settings,
      // what the libraries print of each message
      stdout: true,
      stderr: true,
    })
    const worker = this.#worker
    return new Promise((resolve) => {
      const end = (answer: PeerAnswer | null, ended: boolean) => {
        clearTimeout(timer)
        worker.off('message', onMessage)
        worker.off('error', onError)
        if (ended) {
          this.#worker = null
          void worker.terminate()
        }
        resolve(answer)
      }
      const onMessage = (answer: PeerAnswer) => end(answer, false)
      const onError = (error: unknown) => end({ refused: String(error) }, true)
      const timer = setTimeout(() => end(null, true), TIMEOUT_MS)
      worker.on('message', onMessage)
      worker.on('error', onError)
      worker.postMessage(message)
    })
  }

  async close(): Promise<void> {
    await this.#worker?.terminate()
  }
}

function verdictOf(answer: PeerAnswer | null): Verdict {
  if (answer === null) return 'timeout'
  if ('refused' in answer) return 'refused'
  return answer.identity.includes(`"${FORGED}"`) ? 'forged' : 'accepted'
}

interface Message {
  class: string
  name: string
  build: (typeof ATTACKS)[number]['build']
  encode?: (xml: string) => string
}

type ArenaModule = typeof import('../tests/attacks/arena.ts')

/** One answer at all receivers, each with a login of ours that it answers to. */
async function run(message: Message, arena: Arena, module: ArenaModule, others: Peers) {
  const begun = await module.begin(arena)
  const xml = message.build(begun.exchange)
  const saml_response = fieldOf(xml, message.encode)
  const response = await module.post(begun, arena.acs, saml_response)
  const flow = await module.flowOf(arena, begun.request_id)
  const identity = JSON.stringify(flow.identity)
  const ours = response.headers.has('location')
    ? { identity }
    : { refused: String(flow.error_type) }
  const verdicts = new Map<string, Verdict>([[OURS, verdictOf(ours)]])
  const { request_id } = begun
  const encrypted = /<saml:EncryptedAssertion[ >]/.test(xml)
  for (const peer of peers) {
    const answer = await others.ask({ peer, saml_response, request_id, encrypted })
    verdicts.set(peer, verdictOf(answer))
  }
  return { class: message.class, name: message.name, verdicts }
}

function count(rows: readonly Row[], column: string, ...verdicts: Verdict[]): number {
  return rows.filter((row) => verdicts.includes(row.verdicts.get(column)!)).length
}

/** How many were let in, how many of them as somebody else, how often there was no answer in time. */
function cell(rows: readonly Row[], column: string): string {
  const forged = count(rows, column, 'forged')
  const timeouts = count(rows, column, 'timeout')
  const notes = [
    ...(forged > 0 ? [`**${forged} forged**`] : []),
    ...(timeouts > 0 ? [`${timeouts} without answer`] : []),
  ]
  const accepted = count(rows, column, 'accepted', 'forged')
  return notes.length === 0 ? String(accepted) : `${accepted} (${notes.join(', ')})`
}

function table(rows: readonly Row[]): string[] {
  const line = (name: string, title: string, of: readonly Row[]) =>
    `| ${[name, title, of.length, ...columns.map((column) => cell(of, column))].join(' | ')} |`
  return [
    `| | What it tries | Answers | ${columns.map((name) => `${name} let in`).join(' | ')} |`,
    `|---|---|${'---:|'.repeat(columns.length + 1)}`,
    ...[...CLASSES].map(([name, title]) =>
      line(
        name,
        title,
        rows.filter((row) => row.class === name),
      ),
    ),
    line('', '**All**', rows),
  ]
}

function differences(rows: readonly Row[], verdicts: Verdict[]): string[] {
  return rows
    .map((row) => ({
      ...row,
      by: columns.filter((column) => verdicts.includes(row.verdicts.get(column)!)),
    }))
    .filter(({ by }) => by.length > 0)
    .map((row) => {
      const words = row.by.map((name) =>
        row.verdicts.get(name) === 'forged' ? `**${name}**` : name,
      )
      return `| ${row.class} | ${row.name.replaceAll('|', '\\|').replaceAll('<', '&lt;')} | ${words.join(', ')} |`
    })
}

function report(attacks: readonly Row[], honest: readonly Row[]): string {
  const versions = Object.entries(PEERS).map(([name, version]) => `${name} ${version}`)
  const refusedHonest = columns.map(
    (column) =>
      `| ${column} | ${honest.length - count(honest, column, 'refused', 'timeout')} | ${count(honest, column, 'refused', 'timeout')} |`,
  )
  return [
    '# Attack report',
    '',
    'Made by `npm run attack-report`: do not edit. Classes X and P are those of the catalogue in `tests/attacks/corpus.ts`; each answer is a login at an identity provider of our own. Portcullis takes it over HTTP, from start to callback. The others take the same form field, with the issuer, the certificates, the audience, the request and a clock skew of 60 seconds wherever they have a setting for it.',
    '',
    `Compared: ${versions.join(', ')}. node-saml is set to want one signature, of the Response or of the Assertion; samlify is told beforehand whether the assertion is encrypted, and validates no schema. samlshield looks at the form of a message and verifies no signature: what it lets through goes on to a library. Certificates when they are saved (X17) and replays (P13) are no single answer: see tests/attacks/replay.test.ts.`,
    '',
    '## Answers that must be refused',
    '',
    `How many each let in; **forged**: as ${FORGED}, whom the identity provider never signed in. Without answer: not within ${TIMEOUT_MS / 1000} seconds.`,
    '',
    ...table(attacks),
    '',
    '## Answers that must be accepted',
    '',
    '| | Let in | Refused |',
    '|---|---:|---:|',
    ...refusedHonest,
    '',
    '### Which were refused',
    '',
    '| | Layout | Refused by |',
    '|---|---|---|',
    ...differences(honest, ['refused', 'timeout']),
    '',
    '## Which attacks were let in',
    '',
    'In bold: as the forged identity.',
    '',
    '| | Answer | Let in by |',
    '|---|---|---|',
    ...differences(attacks, ['accepted', 'forged']),
    '',
    '## Which had no answer in time',
    '',
    '| | Answer | No answer from |',
    '|---|---|---|',
    ...differences(attacks, ['timeout']),
    '',
  ].join('\n')
}

function install(folder: string): void {
  const packages = Object.entries(PEERS).map(([name, version]) => `${name}@${version}`)
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder]
  execFileSync('npm', ['install', ...options, ...packages], { stdio: 'inherit' })
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-attack-report-'))
  await writeFile(join(folder, 'package.json'), '{}')
  install(folder)
  const embedded = await startEmbedded({ data_dir: join(folder, 'data') })
  process.env.DATABASE_URL = embedded.url
  const module = await import('../tests/attacks/arena.ts')
  const arena = await module.newArena()
  const others = new Peers({
    folder,
    idp_entity_id: IDP,
    acs: arena.acs,
    audience: arena.acs,
    certificates: certificates.trusted,
    private_key: sp.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  })
  const rows: Row[] = []
  const honest: Row[] = []
  for (const vector of ATTACKS) rows.push(await run(vector, arena, module, others))
  for (const one of HONEST) honest.push(await run({ ...one, class: '' }, arena, module, others))
  await writeGenerated('docs/attack-report.md', report(rows, honest), 'npm run attack-report')
  for (const line of table(rows)) console.log(line)
  await others.close()
  await embedded.stop()
  await rm(folder, { recursive: true, force: true })
}

await main()
process.exit(process.exitCode ?? 0)
