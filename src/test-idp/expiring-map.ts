import { randomBytes } from 'node:crypto'

const MOST = 10_000

/** Values under unguessable keys, each for a limited time; the oldest give way when there are too many. */
export class ExpiringMap<Value> {
  readonly #entries = new Map<string, { value: Value; expires_at: number }>()
  readonly #lifetime_ms: number
  readonly #now: () => Date

  constructor(lifetime_ms: number, now: () => Date) {
    this.#lifetime_ms = lifetime_ms
    this.#now = now
  }

  /** Keeps `value` and returns its new key. */
  add(value: Value): string {
    const now = this.#now().getTime()
    for (const [key, entry] of this.#entries) {
      if (entry.expires_at > now && this.#entries.size < MOST) break
      this.#entries.delete(key)
    }
    const key = randomBytes(24).toString('base64url')
    this.#entries.set(key, { value, expires_at: now + this.#lifetime_ms })
    return key
  }

  /** The value under `key`; undefined where there is none or it has expired. */
  get(key: string): Value | undefined {
    const entry = this.#entries.get(key)
    return entry && entry.expires_at > this.#now().getTime() ? entry.value : undefined
  }

  /** As `get`, and the value is gone afterwards. */
  take(key: string): Value | undefined {
    const value = this.get(key)
    this.#entries.delete(key)
    return value
  }
}
