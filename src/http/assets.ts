/** Style sheets and scripts of the pages, served from this process under names that hold their hash. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import type { Hono } from 'hono'

interface Asset {
  url: string
  type: string
  body: Buffer
  packed: Buffer
}

const { resolve } = createRequire(import.meta.url)
const own = (name: string) => new URL(name, import.meta.url)
const sources = {
  'tabler.css': resolve('@tabler/core/dist/css/tabler.min.css'),
  'pages.css': own('./pages.css'),
  'htmx.js': resolve('htmx.org/dist/htmx.min.js'),
  'pages.js': own('./pages.browser.js'),
}
const types = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8' }

export type AssetName = keyof typeof sources

const assets = new Map<AssetName, Asset>()

/** The address of an asset; it changes with its content, so that browsers may keep it for ever. */
export function assetURL(name: AssetName): string {
  return load(name).url
}

function load(name: AssetName): Asset {
  const known = assets.get(name)
  if (known) return known
  // Source maps are not served: a browser's developer tools would ask for them.
  const body = Buffer.from(
    readFileSync(sources[name], 'utf8').replace(/^(\/\*|\/\/)# sourceMappingURL=.*$/m, ''),
  )
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 12)
  const [stem, extension] = name.split('.') as [string, keyof typeof types]
  const url = `/assets/${stem}-${hash}.${extension}`
  const asset = { url, type: types[extension], body, packed: gzipSync(body) }
  assets.set(name, asset)
  return asset
}

/** Mounts `/assets/{name}-{hash}.{css|js}`. */
export function mountAssets(app: Hono): void {
  app.get('/assets/:file', (c, next) => {
    const names = Object.keys(sources) as AssetName[]
    const asset = names.map(load).find(({ url }) => url === c.req.path)
    if (!asset) return next()
    const packed = /\bgzip\b/.test(c.req.header('accept-encoding') ?? '')
    return Promise.resolve(
      new Response(new Uint8Array(packed ? asset.packed : asset.body), {
        headers: {
          'content-type': asset.type,
          'cache-control': 'public, max-age=31536000, immutable',
          'x-content-type-options': 'nosniff',
          vary: 'accept-encoding',
          ...(packed && { 'content-encoding': 'gzip' }),
        },
      }),
    )
  })
}
