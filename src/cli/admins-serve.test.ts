import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyDatabase, listening, serve, settings } from '../../tests/processes/nodes.test-kit.ts'
import { printed } from '../../tests/processes/processes.test-kit.ts'

const origin = settings.PORTCULLIS_BASE_URL

/** A running server, and what the link that it prints leads to. */
async function started(database_url: string) {
  const node = await listening(serve({ DATABASE_URL: database_url }))
  return {
    ...node,
    async link() {
      await printed(node.process, 'stdout', 'token=')
      const [url = ''] = /https:\S+/.exec(node.process.stdout()) ?? []
      assert.ok(url.startsWith(`${origin}/dashboard/invitation?token=`), url)
      return url.replace(origin, node.url)
    },
    async stop() {
      node.process.child.kill('SIGTERM')
      return (await node.process.exited).code
    },
  }
}

async function status(url: string): Promise<number> {
  const response = await fetch(url, { redirect: 'manual' })
  await response.text()
  return response.status
}

test('serve prints a link for the first administrator until there is one, every node one that works', async () => {
  const url = await emptyDatabase()
  const [one, two] = await Promise.all([started(url), started(url)])
  const links = [await one.link(), await two.link()]
  assert.notEqual(new URL(links[0]!).search, new URL(links[1]!).search)
  // Each link works, at either node.
  for (const link of links) {
    assert.equal(await status(link), 200)
    assert.equal(await status(link.replace(one.url, two.url)), 200)
    assert.ok(!one.process.stderr().includes(new URL(link).searchParams.get('token')!), 'the log')
  }
  const token = new URL(links[1]!).searchParams.get('token')!
  const fields = { token, email_address: 'ada@example.com', password: 'a gravel path in umber' }
  const made = await fetch(`${one.url}/dashboard/invitation`, {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers: { origin },
    redirect: 'manual',
  })
  assert.equal(made.status, 303)
  assert.match(made.headers.get('set-cookie') ?? '', /^__Host-portcullis_dashboard=/)
  for (const link of links) assert.equal(await status(link), 404)
  assert.deepEqual(await Promise.all([one.stop(), two.stop()]), [0, 0])
  const later = await started(url)
  assert.equal(later.process.stdout(), '')
  await later.stop()
  assert.equal(later.process.stdout(), '')
})
