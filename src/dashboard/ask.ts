/** How pages use the API: its endpoints as functions, with the same checks and errors. */
import type { z } from 'zod'
import type { Context } from '../context.ts'
import { parseInput } from '../http/endpoint.ts'
import { ApiError } from '../http/errors.ts'
import type { ProjectVisit, Visit } from './visit.ts'

interface Callable<I extends z.ZodObject, O> {
  input: I
  run(input: z.output<I>, context: Context): Promise<O>
}

/** Calls an endpoint with what a page was given; throws what the API would answer. Undefined is not given. */
export function ask<I extends z.ZodObject, O>(
  visit: ProjectVisit,
  { input, run }: Callable<I, O>,
  raw: Readonly<Record<string, unknown>>,
): Promise<O> {
  return run(parseInput(input, raw), { ...visit.context, source: 'dashboard' })
}

/** Throws `bad_request` unless the form of a danger zone holds the name that it asked for. */
export function assertConfirmed({ form }: Visit, name: string): void {
  if (form.text('confirm_name') !== name)
    throw new ApiError('bad_request', {
      message: `Nothing was changed: to confirm, type ${name} exactly as it stands there.`,
    })
}

/** A path parameter of the page. */
export function parameter({ c }: Visit, name: string): string {
  return c.req.param(name) ?? ''
}

/** What of an object a change changed: the audit's `before` and `after`. */
export function changed<T extends object>(before: T, after: T): { before: object; after: object } {
  const names = (Object.keys(after) as (keyof T)[]).filter(
    (name) => name !== 'updated_at' && JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  )
  const only = (of: T) => Object.fromEntries(names.map((name) => [name, of[name] ?? null]))
  return { before: only(before), after: only(after) }
}
