/** The attributes that make a Response of 8 KB, each value with its type, as most products send them. */
export const eighteenAttributes = Array.from({ length: 18 }, (_, i) => attribute(i)).join('')

function attribute(i: number): string {
  const value = `<saml:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">value ${i} &amp; more</saml:AttributeValue>`
  return `<saml:Attribute Name="http://schemas.example/claims/${i}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri">${value}</saml:Attribute>`
}
