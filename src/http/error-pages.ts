import { errorCatalogue } from './errors.ts'
import { html, renderPage } from './html.ts'

/** The page behind `error_url`: what an `error_type` means. It works offline, and names no request. */
export function errorTypePage(error_type: string): Response {
  const entry = errorCatalogue.get(error_type)
  if (!entry)
    return renderPage({
      title: 'Unknown error type',
      status: 404,
      body: html`<section><h1>Unknown error type</h1><p>This server has no error of that name.</p></section>`,
    })
  return renderPage({
    title: error_type,
    body: html`<section>
<p class="muted small">Error ${entry.status}</p>
<h1><code>${error_type}</code></h1>
<p>${entry.message}</p>
<p class="muted">The <code>error_message</code> of an answer may say more, and its <code>request_id</code> finds the request in the log.</p>
</section>`,
  })
}
