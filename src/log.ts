import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger }

const masked = '[masked]'

/** Names whose values are never written, with `-` read as `_` and in any case. */
const secretName =
  /^(saml_?response|saml_?request|relay_?state|code|state|nonce|password|set_cookie|cookie|authorization|assertion|x_stytch_member_session(jwt)?|pem)$|(secret|private_key|jwt|verifier)$|(?<!public_)token$/

/** Values that are secrets by their looks, wherever in a line they stand. */
const secretTexts: [RegExp, string | ((match: string) => string)][] = [
  // A private key, also one that ends too early.
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\s\\]*(-----END [A-Z ]*-----)?/g, masked],
  [/\b(Basic|Bearer)\s+[\w+/~.=-]{16,}/gi, `$1 ${masked}`],
  [/\beyJ[\w-]{5,}\.[\w-]+(\.[\w-]*)?/g, masked],
  [/\bsecret-(test|live)-[\w-]{8,}/g, masked],
  [
    /\b(SAMLResponse|SAMLRequest|RelayState|code|state|nonce|client_secret|code_verifier|(?!public_)(?:\w+_)?token)=[^&\s"\\]+/g,
    `$1=${masked}`,
  ],
  // Anything long in base64, unless its slashes are those of a path.
  [/[\w+/-]{100,}={0,2}/g, (text) => (text.split('/').length > text.length / 20 ? text : masked)],
  // Our tokens, cookies and states: 32 bytes as base64url.
  [/(?<![\w-])[\w-]{43}(?![\w-])/g, masked],
]

/**
 * The process's logger: JSON lines on standard error or `destination`. Secrets are masked by the name they
 * stand under, at any depth, and by their looks; of errors nothing is written that quotes data.
 */
export function createLog(level: string, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: (value) => value },
      formatters: { log: (fields) => maskFields(fields, 0) },
      hooks: {
        logMethod([first, ...rest], method) {
          const fields = (first as unknown) instanceof Error ? { err: first } : first
          const text = rest.length === 0 && fields !== first ? ['an error'] : rest
          method.apply(this, [fields, ...text] as Parameters<typeof method>)
        },
        streamWrite: maskText,
      },
    },
    destination ?? pino.destination({ dest: 2, sync: false }),
  )
}

function maskText(line: string): string {
  let text = line
  for (const [pattern, replacement] of secretTexts)
    text = text.replace(pattern, replacement as string)
  return text
}

const maxDepth = 6

function maskFields(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      secretName.test(name.toLowerCase().replaceAll('-', '_')) ? masked : maskValue(value, depth),
    ]),
  )
}

function maskValue(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Error) return describeError(value, depth)
  if (depth >= maxDepth || ArrayBuffer.isView(value)) return '[left out]'
  if (Array.isArray(value)) return value.map((each) => maskValue(each, depth + 1))
  return 'toJSON' in value ? value : maskFields(value, depth + 1)
}

/**
 * What is told of an error: its kind, message, place, and causes. Further fields are left out but for those
 * of PostgreSQL that name things; `detail`, `where` and the statement's values quote rows.
 */
function describeError(error: Error, depth: number): Record<string, unknown> {
  const { code, table, constraint } = error as Error & Record<string, unknown>
  const message = messageOf(error)
  return {
    type: error.name === 'Error' ? error.constructor.name : error.name,
    message,
    ...(isName(code) && { code }),
    ...(isName(table) && { table }),
    ...(isName(constraint) && { constraint }),
    stack: framesOf(error),
    ...(error.cause instanceof Error &&
      depth < maxDepth && { cause: describeError(error.cause, depth + 1) }),
  }
}

/** PostgreSQL's data exceptions (class 22) and JSON.parse quote what they were given. */
function messageOf(error: Error): string {
  const { code } = error as Error & { code?: unknown }
  const quotes = error.name === 'SyntaxError' || (typeof code === 'string' && /^22...$/.test(code))
  return quotes ? error.message.replaceAll(/".*"/gs, masked) : error.message
}

function framesOf(error: Error): string {
  const stack = error.stack ?? ''
  const at = stack.indexOf(error.message)
  const frames = at < 0 ? stack : stack.slice(at + error.message.length)
  return frames
    .split('\n')
    .filter((line) => /^ +at /.test(line))
    .map((line) => line.trim())
    .join('\n')
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && /^\w{1,63}$/.test(value)
}
