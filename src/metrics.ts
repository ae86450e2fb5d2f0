import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'

/** The process's metrics, in Prometheus' text format at `/metrics`. */
export interface Metrics {
  registry: Registry
  /** One answered request: route pattern, status, seconds. */
  request(method: string, route: string, status: number, seconds: number): void
}

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
  }
}
