/** Entry of every command: nothing or options is `npm start`, a word is a command of `portcullis`. */
import { parseArgs } from 'node:util'
import { isUsageError, UsageError } from './cli/command.ts'
import { runCommand } from './cli/commands.ts'
import { environmentBlock } from './dashboard/development.ts'
import { type Development, type DevelopmentFacts, startDevelopment } from './development.ts'

const help = `npm start [-- options]: server, test identity provider and example application on this machine

  --port N            port of the server (4000; 0 takes a free one)
  --test-idp-port N   port of the test identity provider (4001)
  --app-port N        port of the example application (3000)
  --data-dir FOLDER   where the data are (.portcullis, or PORTCULLIS_DATA_DIR)
  --no-app            without the example application
  --json              one line of JSON on standard output when everything answers
  --help              this text

The commands for projects, secrets, keys and production: npm run portcullis -- help
`

function readOptions(args: string[]) {
  const { values } = parseArgs({
    args,
    allowNegative: true,
    options: {
      port: { type: 'string', default: '4000' },
      'test-idp-port': { type: 'string', default: '4001' },
      'app-port': { type: 'string', default: '3000' },
      'data-dir': { type: 'string', default: process.env.PORTCULLIS_DATA_DIR || '.portcullis' },
      app: { type: 'boolean', default: true },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  return {
    port: port('--port', values.port),
    test_idp_port: port('--test-idp-port', values['test-idp-port']),
    app_port: port('--app-port', values['app-port']),
    data_dir: values['data-dir'],
    app: values.app,
    json: values.json,
    help: values.help,
  }
}

function port(name: string, value: string): number {
  const number = Number(value)
  if (/^\d{1,5}$/.test(value) && number <= 65_535) return number
  throw new UsageError(`${name} must be a port from 0 to 65535, not "${value}".`)
}

async function start(args: string[]): Promise<void> {
  const options = readOptions(args)
  if (options.help) {
    process.stdout.write(help)
    return
  }
  const say = (text: string) => process.stderr.write(`${text}\n`)
  const ending = endWithParent()
  const starting = startDevelopment({ ...options, notice: say })
  const development = await Promise.race([starting, ending.then(() => undefined)])
  // What has started by now ends with this process.
  if (!development) process.exit(1)
  if (options.json) process.stdout.write(`${JSON.stringify(development.facts)}\n`)
  else process.stdout.write(welcome(development.facts, options.app))
  await endOnce(development, ending, say)
}

/**
 * Resolves on Ctrl-C, on SIGTERM, and when npm, our parent, has gone without a word. Who asks again
 * later has lost patience (not at once: the terminal and npm pass on the same Ctrl-C).
 */
function endWithParent(): Promise<string> {
  const parent = process.ppid
  let asked_at: number | undefined
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => {
        asked_at ??= performance.now()
        if (performance.now() - asked_at > 1_000) process.exit(1)
        resolve(signal)
      })
    if (process.env.npm_lifecycle_event !== 'start') return
    setInterval(() => process.ppid !== parent && resolve('the end of npm'), 250).unref()
  })
}

async function endOnce(
  development: Development,
  ending: Promise<string>,
  say: (text: string) => void,
) {
  const broken = development.broken.then(() => 'broken')
  const reason = await Promise.race([ending, broken])
  if (reason === 'broken') say('The database has ended by itself. Start again; the data are safe.')
  await development.close()
  process.exit(reason === 'broken' ? 1 : 0)
}

function welcome(facts: DevelopmentFacts, app: boolean): string {
  const links = facts.organizations.flatMap((organization) =>
    organization.sso_connections.map(
      ({ type, start_url }) => `  Log in (${type.toUpperCase().padEnd(4)})   ${start_url}`,
    ),
  )
  return `
Portcullis is running. Ctrl-C ends it.

  Dashboard       ${facts.dashboard_url}
${app ? `  Example app     ${facts.app_url}/org/acme\n` : ''}  Test IdP        ${facts.test_idp_url}
${links.join('\n')}

For an official Stytch SDK:

${environmentBlock(facts).replaceAll(/^/gm, '  ')}

`
}

async function main(args: string[]): Promise<void> {
  const command = args[0] && !args[0].startsWith('-')
  if (command) process.exitCode = await runCommand(args)
  else await start(args)
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(isUsageError(error) ? 2 : 1)
})
