import { type Logger, pino } from 'pino'

export type { Logger }

const secretKeys = [
  'SAMLResponse',
  'SAMLRequest',
  'RelayState',
  'code',
  'token',
  'sso_token',
  'session_token',
  'session_jwt',
  'secret',
  'client_secret',
  'private_key',
  'cookie',
  'authorization',
  'password',
]

/** The process's logger: JSON lines on standard error, secrets masked by key. */
export function createLog(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: secretKeys.flatMap((key) => [key, `*.${key}`]), censor: '[masked]' },
    },
    pino.destination({ dest: 2, sync: false }),
  )
}
