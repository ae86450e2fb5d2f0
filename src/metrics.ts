import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { within } from './within.ts'

/** The process's metrics, in Prometheus' text format at `/metrics`. */
export interface Metrics {
  registry: Registry
  /** One answered request: route pattern, status, seconds. */
  request(method: string, route: string, status: number, seconds: number): void
  /** Where the certificates are counted, which is asked when somebody reads the metrics, once a minute at most. */
  certificates(count: () => Promise<CertificateCounts[]>): void
}

/** Certificates of one purpose that are in use. */
export interface CertificateCounts {
  purpose: string
  /** Of the first to end; below zero where it has ended, null where there is none. */
  days_left: number | null
  /** How many have ended, or end within so many days and in no shorter time that is listed. */
  due: Record<string, number>
}

const countedForMs = 60_000
/** A scrape has ten seconds, and the other metrics are wanted most where the database hangs. */
const answerMs = 2_000

/** New metrics with those of the process itself. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const requests = new Histogram({
    name: 'portcullis_http_request_seconds',
    help: 'Time from a request to its answer, by method, route and status.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  })
  const failures = new Counter({
    name: 'portcullis_http_failures_total',
    help: 'Requests that were answered with 500 or above.',
    registers: [registry],
  })
  return {
    registry,
    request(method, route, status, seconds) {
      requests.observe({ method, route, status: String(status) }, seconds)
      if (status >= 500) failures.inc()
    },
    certificates: (count) => addCertificates(registry, count),
  }
}

function addCertificates(registry: Registry, count: () => Promise<CertificateCounts[]>): void {
  let counted: Promise<CertificateCounts[]> = Promise.resolve([])
  let until = 0
  /** What was counted; nothing where the database does not answer, so that the other metrics do. */
  function counts(): Promise<CertificateCounts[]> {
    if (performance.now() < until) return counted
    until = performance.now() + countedForMs
    counted = within(answerMs, count()).catch(() => [])
    return counted
  }
  new Gauge({
    name: 'portcullis_certificate_expiry_days',
    help: 'Days until the first certificate in use ends (verification: of identity providers; signing, encryption: our own).',
    labelNames: ['purpose'] as const,
    registers: [registry],
    async collect() {
      const all = await counts()
      this.reset()
      for (const { purpose, days_left } of all)
        if (days_left !== null) this.set({ purpose }, days_left)
    },
  })
  new Gauge({
    name: 'portcullis_certificates_due',
    help: 'Certificates in use that have ended (expired), or end within 7, 30 or 60 days, each counted once.',
    labelNames: ['purpose', 'within_days'] as const,
    registers: [registry],
    async collect() {
      const all = await counts()
      this.reset()
      for (const { purpose, due } of all)
        for (const [within_days, number] of Object.entries(due))
          this.set({ purpose, within_days }, number)
    },
  })
}
