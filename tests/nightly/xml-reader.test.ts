/** The comparison of src/saml/xml-differential.test.ts with saxes and libxml2, on a million documents. */
process.env.XML_DOCUMENTS ??= '1000000'
process.env.XML_SEED ??= String(Math.floor(Date.now() / 86_400_000))
await import('../../src/saml/xml-differential.test.ts')
