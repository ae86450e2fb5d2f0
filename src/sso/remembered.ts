/**
 * What a process remembers of the step before, so that the next one need not read a row that was written here
 * a moment ago. Nothing is decided by it: each thing is given out once, and the statement that comes next
 * takes a row only if it still is what was remembered.
 */
import type { Services } from '../context.ts'
import type { Caches } from '../db/cache.ts'
import { hashToken } from '../db/secrets.ts'

export interface Memory<T> {
  /** Remembers something under a secret; beyond `max` the oldest is forgotten. */
  remember(services: Pick<Services, 'caches'>, secret: string, value: T): void
  /** What was remembered under a secret, once; undefined where it is not there or `isMine` says no. */
  recall(
    services: Pick<Services, 'caches'>,
    secret: string,
    isMine: (value: T) => boolean,
  ): T | undefined
}

/** A memory of each process for itself: it lives and dies with the caches. */
export function createMemory<T>(max: number): Memory<T> {
  const memories = new WeakMap<Caches, Map<string, T>>()
  // Who reads the memory of a process shall not find what finishes a login.
  const keyOf = (secret: string) => hashToken(secret).toString('base64url')
  return {
    remember({ caches }, secret, value) {
      const values = memories.get(caches) ?? new Map<string, T>()
      memories.set(caches, values)
      const [oldest] = values.keys()
      if (oldest !== undefined && values.size >= max) values.delete(oldest)
      values.set(keyOf(secret), value)
    },
    recall({ caches }, secret, isMine) {
      const values = memories.get(caches)
      const key = keyOf(secret)
      const found = values?.get(key)
      if (found === undefined || !isMine(found)) return undefined
      values?.delete(key)
      return found
    },
  }
}
