// The server process of bench/login-jackson.ts: started by it, with its settings in the environment.
import { createRequire } from 'node:module'

const { DATABASE_URL = '', IDP_METADATA = '', MODULES = '', REDIRECT_URI = '' } = process.env
const require = createRequire(MODULES)
const express = require('express')
const { controllers } = require('@boxyhq/saml-jackson')

const { connectionAPIController, oauthController } = await controllers({
  externalUrl: 'https://sso.example.com',
  samlPath: '/oauth/saml',
  noAnalytics: true,
  db: { engine: 'sql', type: 'postgres', url: DATABASE_URL },
})
const connection = await connectionAPIController.createSAMLConnection({
  rawMetadata: IDP_METADATA,
  defaultRedirectUrl: REDIRECT_URI,
  redirectUrl: [REDIRECT_URI],
  tenant: 'acme',
  product: 'bench',
})

interface Req {
  query: Record<string, string>
  body: Record<string, string>
  headers: Record<string, string | undefined>
}
interface Res {
  redirect(status: number, url: string): void
  json(body: unknown): void
}

const app = express()
app.disable('x-powered-by')
app.use(express.urlencoded({ extended: false, limit: '1mb' }))
app.get('/client', (_req: Req, res: Res) =>
  res.json({ client_id: connection.clientID, client_secret: connection.clientSecret }),
)
app.get('/oauth/authorize', async (req: Req, res: Res) => {
  const { redirect_url } = await oauthController.authorize(req.query)
  res.redirect(302, redirect_url)
})
app.post('/oauth/saml', async (req: Req, res: Res) => {
  const { redirect_url } = await oauthController.samlResponse(req.body)
  res.redirect(302, redirect_url)
})
app.post('/oauth/token', async (req: Req, res: Res) => {
  res.json(await oauthController.token(req.body, req.headers.authorization))
})
app.get('/oauth/userinfo', async (req: Req, res: Res) => {
  res.json(await oauthController.userInfo(req.headers.authorization?.replace('Bearer ', '')))
})
const server = app.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ port: server.address().port }))
})
