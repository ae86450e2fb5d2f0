/** The races of `npm test`, many more rounds: ROUNDS, 1,000 unless set. */
import { test } from 'node:test'
import type { Client } from 'pg'
import { type Cluster, clientOf, endCluster, newCluster } from '../processes/nodes.test-kit.ts'
import { assertNothingTwice, postAtOnce, redeemAtOnce } from '../processes/races.test-kit.ts'

const rounds = Number(process.env.ROUNDS ?? 1_000)
let cluster: Cluster
let client: Client

test(`${rounds} rounds: of 100 who redeem one token at two processes, one gets a session`, async () => {
  cluster = await newCluster()
  client = await clientOf(cluster.database_url)
  for (let round = 0; round < rounds; round++) await redeemAtOnce(cluster, client)
})

test(`${rounds} rounds: of 100 posts of one assertion to two processes, one becomes a token`, async () => {
  for (let round = 0; round < rounds; round++) await postAtOnce(cluster, client)
})

test('after the rounds every login has one session', async () => {
  await assertNothingTwice(client, 2 * rounds)
  await endCluster(cluster)
})
