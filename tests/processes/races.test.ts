/** Every step of a login happens once, over two server processes on one PostgreSQL. */
import { test } from 'node:test'
import type { Client } from 'pg'
import { type Cluster, clientOf, endCluster, newCluster } from './nodes.test-kit.ts'
import { assertNothingTwice, postAtOnce, redeemAtOnce } from './races.test-kit.ts'

const rounds = 20
let cluster: Cluster
let client: Client

test(`of 100 who redeem one token at two processes, one gets a session: ${rounds} rounds`, async () => {
  cluster = await newCluster()
  client = await clientOf(cluster.database_url)
  for (let round = 0; round < rounds; round++) await redeemAtOnce(cluster, client)
})

test(`of 100 posts of one assertion to two processes, one becomes a token: ${rounds} rounds`, async () => {
  for (let round = 0; round < rounds; round++) await postAtOnce(cluster, client)
})

test('after the rounds every login has one session', async () => {
  await assertNothingTwice(client, 2 * rounds)
  await endCluster(cluster)
})
