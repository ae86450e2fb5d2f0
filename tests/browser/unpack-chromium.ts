/** Run by chromium.ts in a process of its own: unpacks @sparticuz/chromium into TMPDIR, prints where. */

// Read while the package is imported: it then also unpacks the libraries that a bare system lacks.
process.env.AWS_LAMBDA_JS_RUNTIME = 'nodejs20.x'
const { default: chromium } = await import('@sparticuz/chromium')
process.stdout.write(await chromium.executablePath())
