/** The official Rust SDK: the program rust-sdk/, run beside the server of its own, and what it printed. */
import { run } from './command.ts'
import { prepared } from './downloads.ts'
import { builtRust } from './rust.ts'
import { Calls, sdkEnvironment, serverFor } from './sdk-calls.ts'

const program = prepared(() => builtRust('rust-sdk'))

/** The server of these tests. */
export const portcullis = serverFor('rust')

/** Runs a subject of the program; fails where a call fails that must not. */
export async function sdk(subject: string, given: Record<string, string> = {}, secret?: string) {
  const [path, facts] = await Promise.all([program(), portcullis()])
  const env = { ...sdkEnvironment(facts), ...(secret !== undefined && { STYTCH_SECRET: secret }) }
  const output = await run(path, [subject, JSON.stringify(given)], { env })
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
  return new Calls<any>(output, facts)
}
