import { Worker } from 'node:worker_threads'
import { atEnd } from '../harness.ts'
import type { Stage } from './stage.ts'

/**
 * Runs examples/express in a thread, at the stage's `app_url`, until the run ends. Rejects with what it
 * wrote where it does not answer.
 */
export async function startExample({ app_url, base_url, project }: Stage): Promise<void> {
  const worker = new Worker(new URL('./example-app.ts', import.meta.url), {
    stdout: true,
    stderr: true,
    env: {
      ...process.env,
      PORT: new URL(app_url).port,
      APP_URL: app_url,
      SESSION_SECRET: 'only for tests',
      STYTCH_BASE_URL: base_url,
      STYTCH_PROJECT_ID: project.project_id,
      STYTCH_SECRET: project.secret,
      STYTCH_PUBLIC_TOKEN: project.public_token,
    },
  })
  atEnd(() => worker.terminate())
  let said = ''
  worker.stderr.on('data', (chunk) => {
    said += chunk
  })
  const ended = new Promise<never>((_resolve, reject) => {
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`The example ended with ${code}: ${said}`)))
  })
  ended.catch(() => {})
  await Promise.race([ended, answers(app_url)])
}

async function answers(url: string): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    const answer = await fetch(url).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`The example did not answer at ${url} within 10 seconds.`)
}
