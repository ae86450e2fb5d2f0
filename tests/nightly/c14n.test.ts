/** The comparison of src/saml/c14n.test.ts with libxml2, on a million documents. */
process.env.C14N_DOCUMENTS ??= '1000000'
process.env.C14N_SEED ??= String(Math.floor(Date.now() / 86_400_000))
await import('../../src/saml/c14n.test.ts')
