/**
 * Writes `docs/sdk-coverage.md`: which methods of the official SDK are served, by the list of endpoints
 * and the wire contract; with `--check` says whether it is up to date.
 */
import { api } from '../src/api.ts'
import { type ContractEndpoint, contract, contractOf } from '../tests/contract/contract.ts'
import { writeGenerated } from './generated.ts'

const served = new Set(api.map((endpoint) => contractOf(endpoint).id))
const groups = Map.groupBy(contract.endpoints, (endpoint) => groupOf(endpoint.id))

function groupOf(id: string): string {
  return id.startsWith('organizations.members.') ? 'organizations.members' : id.split('.')[0]!
}

function countServed(endpoints: readonly ContractEndpoint[]): number {
  return endpoints.filter((endpoint) => served.has(endpoint.id)).length
}

const summary = [...groups].map(
  ([name, endpoints]) => `| ${name} | ${countServed(endpoints)} | ${endpoints.length} |`,
)
const tables = [...groups].flatMap(([name, endpoints]) => [
  '',
  `## ${name}`,
  '',
  '| Method | Request | Served |',
  '|---|---|---|',
  ...endpoints.map(
    ({ id, method, path }) => `| ${id} | \`${method} ${path}\` | ${served.has(id) ? 'yes' : ''} |`,
  ),
])
const lines = [
  '# Coverage of the official SDK',
  '',
  `${countServed(contract.endpoints)} of the ${contract.endpoints.length} calls of the Node SDK's \`B2BClient\` are served. Made by \`node scripts/coverage.ts\`: do not edit.`,
  '',
  '| Namespace | Served | Calls |',
  '|---|---|---|',
  ...summary,
  ...tables,
  '',
]
await writeGenerated('docs/sdk-coverage.md', lines.join('\n'), 'node scripts/coverage.ts')
