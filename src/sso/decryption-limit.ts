import type { Services } from '../context.ts'

/** After so many failures in so long a time nothing more is decrypted: padding oracles need thousands. */
export const maxDecryptionFailures = 50
const window_ms = 10 * 60_000
const pruned = 1_000

const failures = new WeakMap<Services, Map<string, number[]>>()

/** Whether too many assertions of a connection could not be decrypted lately, in this process. */
export function isDecryptionStopped(services: Services, connection_id: string): boolean {
  return recent(services, connection_id).length >= maxDecryptionFailures
}

/** Counts an assertion that could not be decrypted. */
export function countDecryptionFailure(services: Services, connection_id: string): void {
  const known = failures.get(services) ?? new Map<string, number[]>()
  failures.set(services, known)
  const times = [...recent(services, connection_id), services.now().getTime()]
  known.set(connection_id, times.slice(-maxDecryptionFailures))
  if (times.length === maxDecryptionFailures)
    services.log.warn({ connection_id }, 'too many failed decryptions: no more for some minutes')
  if (known.size <= pruned) return
  for (const each of known.keys()) if (recent(services, each).length === 0) known.delete(each)
}

function recent(services: Services, connection_id: string): number[] {
  const since = services.now().getTime() - window_ms
  return (failures.get(services)?.get(connection_id) ?? []).filter((time) => time > since)
}
