/** How a mail of ours looks: the same words as plain text and as HTML, without pictures or links elsewhere. */
import { raw } from 'hono/html'
import { html } from '../http/html.ts'

/** What a mail says. */
export interface MailWords {
  title: string
  paragraphs: readonly string[]
  /** The one thing to do. */
  action?: { label: string; url: string }
  /** Why the reader gets this, and what to do if it was not expected. */
  footer: string
}

/** The two forms of a mail. Throws for an action that leads to no web address. */
export function mailBody(words: MailWords): { text: string; html: string } {
  const { title, paragraphs, action, footer } = words
  if (action && !/^https?:$/.test(URL.parse(action.url)?.protocol ?? ''))
    throw new Error('the action of a mail must lead to a web address')
  const text = [
    title,
    ...paragraphs,
    ...(action ? [`${action.label}:\n${action.url}`] : []),
    `--\n${footer}`,
  ].join('\n\n')
  return { text: `${text}\n`, html: htmlOf(words) }
}

const font = "font-family: system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"
const buttonStyle =
  'display: inline-block; padding: 10px 18px; border-radius: 8px; background: #2f5bd8; color: #ffffff; font-weight: 600; text-decoration: none'

function htmlOf({ title, paragraphs, action, footer }: MailWords): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
</head>
<body style="margin: 0; padding: 24px; ${raw(font)}; font-size: 16px; line-height: 1.5">
<div style="max-width: 560px; margin: 0 auto">
<h1 style="font-size: 20px; line-height: 1.3; margin: 0 0 16px">${title}</h1>
${paragraphs.map((paragraph) => html`<p style="margin: 0 0 16px">${paragraph}</p>\n`)}
${
  action
    ? html`<p style="margin: 24px 0"><a href="${action.url}" style="${buttonStyle}">${action.label}</a></p>
<p style="margin: 0 0 16px; font-size: 14px">If the button does not work, open this address:<br>
<a href="${action.url}" style="overflow-wrap: anywhere">${action.url}</a></p>`
    : ''
}
<p style="margin: 24px 0 0; padding-top: 16px; border-top: 1px solid #dde2ec; font-size: 14px; color: #5b6478">${footer}</p>
</div>
</body>
</html>`
  return String(page)
}
