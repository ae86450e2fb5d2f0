import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseXML } from './xml.ts'
import { type XMLElement, XMLError } from './xml-tree.ts'

const XML = 'http://www.w3.org/XML/1998/namespace'
const XMLNS = 'http://www.w3.org/2000/xmlns/'

function first(element: XMLElement): XMLElement {
  return element.children[0] as XMLElement
}

test('a prefix means what the innermost declaration says, and what was before it afterwards', () => {
  const root = parseXML(
    '<a:r xmlns:a="urn:1"><a:x a:y="1" xmlns:a="urn:2"><a:z/></a:x><a:x><a:z xmlns:a="urn:3"/><a:z/></a:x></a:r>',
  )
  const [inner, next] = root.children as XMLElement[]
  assert.equal(root.uri, 'urn:1')
  assert.deepEqual(
    [inner!.uri, inner!.attributes[0]!.uri, first(inner!).uri],
    Array(3).fill('urn:2'),
  )
  assert.deepEqual(
    [next!, ...next!.children].map((each) => (each as XMLElement).uri),
    ['urn:1', 'urn:3', 'urn:1'],
  )
})

test('the default namespace is that of elements, can be undeclared, and is none of attributes', () => {
  const root = parseXML('<r xmlns="urn:1" x="1"><s xmlns=""><t/></s><t/></r>')
  const [undeclared, inherited] = root.children as XMLElement[]
  assert.deepEqual([root.uri, root.attributes[0]!.uri], ['urn:1', ''])
  assert.deepEqual([undeclared!.uri, first(undeclared!).uri, inherited!.uri], ['', '', 'urn:1'])
})

test('xml needs no declaration, and may have its own', () => {
  for (const declared of ['', ` xmlns:xml="${XML}"`]) {
    const root = parseXML(`<r${declared} xml:lang="en"/>`)
    assert.deepEqual(
      root.attributes.map((each) => [each.prefix, each.local, each.uri]),
      [['xml', 'lang', XML]],
    )
    assert.deepEqual(root.declarations, [])
  }
})

const refused: Record<string, string> = {
  'an element whose prefix nobody declared': '<a:r/>',
  'an attribute whose prefix nobody declared': '<r a:x="1"/>',
  'a prefix of a neighbour': '<r><s xmlns:a="urn:a"/><a:t/></r>',
  'a prefix of a child': '<r a:x="1"><s xmlns:a="urn:a"/></r>',
  'a prefix named like a property of objects': '<constructor:r/>',
  'a prefix that is undeclared': '<r xmlns:a="urn:a"><s xmlns:a=""/></r>',
  'one name twice': '<r x="1" x="2"/>',
  'one declaration twice': '<r xmlns:a="urn:a" xmlns:a="urn:a"/>',
  'one expanded name twice': '<r xmlns:a="urn:a" xmlns:b="urn:a" a:x="1" b:x="2"/>',
  'the prefix xml for another namespace': '<r xmlns:xml="urn:a"/>',
  'another prefix for the namespace of xml': `<r xmlns:a="${XML}"/>`,
  'the namespace of xml as the default': `<r xmlns="${XML}"/>`,
  'the prefix xmlns declared': `<r xmlns:xmlns="${XMLNS}"/>`,
  'the namespace of declarations under a prefix': `<r xmlns:a="${XMLNS}"/>`,
  'the namespace of declarations as the default': `<r xmlns="${XMLNS}"/>`,
  'an element named xmlns:x': '<xmlns:x/>',
  'a name with two colons': '<a:b:c xmlns:a="urn:a"/>',
  'a name that begins with a colon': '<:r/>',
  'a name that ends with a colon': '<a: xmlns:a="urn:a"/>',
  'a local name that begins with a digit': '<a:1 xmlns:a="urn:a"/>',
  'a declared prefix that begins with a digit': '<r xmlns:1="urn:a"/>',
}

for (const [what, xml] of Object.entries(refused))
  test(`refused: ${what}`, () => {
    assert.throws(
      () => parseXML(xml),
      (error) => error instanceof XMLError && error.problem === 'syntax',
    )
  })
