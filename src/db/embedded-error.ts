/** PostgreSQL could not be run; the message is a plain sentence: what is wrong and what to do. */
export class EmbeddedDatabaseError extends Error {
  override name = 'EmbeddedDatabaseError'
}
