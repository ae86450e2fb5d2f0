import type { ParseArgsConfig } from 'node:util'

export type CommandOptions = NonNullable<ParseArgsConfig['options']>
export type Values = Record<string, string | boolean | string[] | undefined>

/**
 * One command. What `run` returns is printed: as JSON with `--json`, else as `text` has it, or as lines
 * of `name value`.
 */
export interface Command {
  name: string
  summary: string
  /** What stands behind the name in its help. */
  usage?: string
  options?: CommandOptions
  help?: string
  run(values: Values, positionals: string[]): Promise<object | undefined>
  /** What people read of the result. */
  text?(result: object): string
  /** Whether what was found is bad news: the exit code is 1 then. */
  failed?(result: object): boolean
}

/** An argument that is missing or wrong: the message says which. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** Whether somebody typed something that is not understood, rather than that it failed. */
export function isUsageError(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return (
    error instanceof UsageError ||
    (error instanceof TypeError && String(code).startsWith('ERR_PARSE_ARGS'))
  )
}

/** A string option that must be there; throws UsageError. */
export function required(values: Values, name: string): string {
  const value = values[name]
  if (typeof value === 'string' && value !== '') return value
  throw new UsageError(`--${name} is required. See --help.`)
}
