/** The commands of `portcullis`: a table of names, what each takes, and what it does. */
import { parseArgs } from 'node:util'
import { ConfigError } from '../config.ts'
import { ApiError } from '../http/errors.ts'
import { ListenError } from '../http/listen.ts'
import { inviteAdminCommand, listAdminsCommand, resetAdminCommand } from './admins.ts'
import { listCertificates } from './certificates.ts'
import { refreshMetadata } from './certificates-metadata.ts'
import {
  type Command,
  type CommandOptions,
  isUsageError,
  UsageError,
  type Values,
} from './command.ts'
import { setConnection } from './connections.ts'
import { doctor } from './doctor.ts'
import { rotateKeys } from './keys.ts'
import { listLoginsCommand, showLoginCommand } from './logins.ts'
import { migrateCommand } from './migrate.ts'
import {
  addRedirect,
  createProjectCommand,
  createSecretCommand,
  listProjectsCommand,
  listRedirects,
  listSecretsCommand,
  removeRedirect,
  revokeSecretCommand,
} from './projects.ts'
import { serve } from './serve.ts'

const commands: readonly Command[] = [
  serve,
  createProjectCommand,
  listProjectsCommand,
  createSecretCommand,
  listSecretsCommand,
  revokeSecretCommand,
  addRedirect,
  listRedirects,
  removeRedirect,
  listAdminsCommand,
  inviteAdminCommand,
  resetAdminCommand,
  setConnection,
  refreshMetadata,
  listCertificates,
  listLoginsCommand,
  showLoginCommand,
  rotateKeys,
  migrateCommand,
  doctor,
]

const common: CommandOptions = {
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
}

interface Output {
  stdout(text: string): unknown
  stderr(text: string): unknown
}

const terminal: Output = {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
}

/**
 * Runs `portcullis ARGS`; returns the exit code: 0, 1 when the command failed, 2 when it was not
 * understood. Results go to standard output, everything else to standard error.
 */
export async function runCommand(args: string[], output: Output = terminal): Promise<number> {
  const command = commands.find((each) => startsWith(args, each.name.split(' ')))
  if (!command) return unknownCommand(args, output)
  const rest = args.slice(command.name.split(' ').length)
  try {
    const { values, positionals } = parseArgs({
      args: rest,
      options: { ...common, ...command.options },
      allowPositionals: true,
    })
    if (values.help) {
      output.stdout(helpOf(command))
      return 0
    }
    refuseSurplus(command, positionals)
    const result = await command.run(values as Values, positionals)
    if (!result) return 0
    const text = command.text ?? toLines
    output.stdout(values.json ? `${JSON.stringify(result)}\n` : text(result))
    return command.failed?.(result) ? 1 : 0
  } catch (error) {
    output.stderr(`${explain(error)}\n`)
    return isUsageError(error) ? 2 : 1
  }
}

function startsWith(args: string[], words: string[]): boolean {
  return words.every((word, index) => args[index] === word)
}

function refuseSurplus(command: Command, positionals: string[]): void {
  const [surplus] = positionals.slice(command.usage ? 1 : 0)
  if (surplus !== undefined)
    throw new UsageError(`"${surplus}" is one argument too many. See --help.`)
}

function unknownCommand(args: string[], output: Output): number {
  const asked = args[0] === 'help' || args.includes('--help')
  const group = commands.filter(({ name }) => name.startsWith(`${args[0]} `))
  const list = (group.length > 0 ? group : commands)
    .map((each) => `  ${each.name.padEnd(28)} ${each.summary}`)
    .join('\n')
  const all = group.length > 0 ? ' portcullis help lists all commands.' : ''
  const text = `portcullis COMMAND [options]\n\n${list}\n\nEvery command takes --help and --json.${all} The development server is started by npm start; npm start -- --help has its options.\n`
  if (asked) output.stdout(text)
  else output.stderr(`There is no command "${args.join(' ')}".\n\n${text}`)
  return asked ? 0 : 2
}

function helpOf(command: Command): string {
  const options = Object.entries({ ...command.options, ...common }).map(
    ([name, option]) => `  --${name}${option.type === 'string' ? ' VALUE' : ''}`,
  )
  const usage = [`portcullis ${command.name}`, command.usage, '[options]'].filter(Boolean).join(' ')
  return `${usage}\n\n${command.summary}.\n${command.help ? `\n${command.help.trim()}\n` : ''}\nOptions:\n${options.join('\n')}\n`
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const known =
    error instanceof ConfigError ||
    error instanceof ListenError ||
    error instanceof ApiError ||
    isUsageError(error)
  if (known) return error.message
  const { code = '' } = error as NodeJS.ErrnoException
  const reason = error.message || code || error.name
  if (
    /^(ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|28...|3D...|08...|53300|57P03)/.test(code)
  )
    return `The database does not answer: ${reason}. Look at DATABASE_URL.`
  return reason
}

function toLines(result: object): string {
  if (Array.isArray(result)) return result.map(toLines).join('\n')
  const entries = Object.entries(result).map(([name, value]) =>
    Array.isArray(value) && value.some((each) => typeof each === 'object')
      ? `${name}:\n${value.map((each) => toLines(each).replaceAll(/^(?=.)/gm, '  ')).join('\n')}`
      : `${name} ${format(value)}\n`,
  )
  return entries.join('')
}

function format(value: unknown): string {
  if (value === null || value === undefined) return '-'
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
