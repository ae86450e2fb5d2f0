import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_METADATA_BYTES, parseXML } from './xml.ts'
import { textContent, type XMLElement, XMLError, type XMLProblem } from './xml-tree.ts'

// XML 1.0 (fifth edition), rule by rule; the names say which text is meant

const text = (content: string) => textContent(parseXML(`<r>${content}</r>`))
const value = (content: string) => parseXML(`<r a="${content}"/>`).attributes[0]!.value

function refused(xml: string, problem: XMLProblem, options = {}): string {
  let message = ''
  assert.throws(
    () => parseXML(xml, options),
    (error) => {
      if (!(error instanceof XMLError)) return false
      message = error.message
      return error.problem === problem
    },
    JSON.stringify(xml.slice(0, 200)),
  )
  return message
}

test('what looks like markup is text where it is none', () => {
  assert.equal(text('a>b ]] > ]>'), 'a>b ]] > ]>')
  assert.equal(text(']]&gt; ]&#93;>'), ']]> ]]>')
  assert.equal(text('&lt;!--'), '<!--')
  assert.equal(value("/> ' ]]> ="), "/> ' ]]> =")
  assert.equal(parseXML("<r a='\"'/>").attributes[0]!.value, '"')
})

test('white space may stand where the grammar has it', () => {
  for (const xml of [
    '\n\t\r <r/>\r\n',
    '<r\n/>',
    '<r\t>\r</r\n\r >',
    '<r a\n=\r"1"\tb = "2" />',
    '<?xml version="1.0"?>\r\n<r/>',
    "<?xml version = '1.0'\tencoding='uTf-8'\nstandalone='no' ?><r/>",
  ]) {
    assert.equal(parseXML(xml).name, 'r')
  }
})

const NOT_WELL_FORMED: Record<string, string> = {
  nothing: '',
  'white space alone': ' \n',
  'text alone': 'x',
  'text before the root': 'x<r/>',
  'text after the root': '<r/>x',
  'a reference before the root': '&#32;<r/>',
  'a reference after the root': '<r/>&#32;',
  'a byte order mark after white space': ' \ufeff<r/>',
  'two roots': '<r/><r/>',
  'two roots with content': '<r>a</r><r>b</r>',
  'an element that is not closed': '<r>',
  'an inner element that is not closed': '<r><a></r>',
  'an element closed twice': '<r></r></r>',
  'a closing tag alone': '</r>',
  'overlapping elements': '<r><a><b></a></b></r>',
  'a closing tag in other letters': '<r></R>',
  'a closing tag with a longer name': '<r></rr>',
  'a closing tag with a shorter name': '<rr></r>',
  'a closing tag under another prefix': '<a:r xmlns:a="urn:a" xmlns:b="urn:a"></b:r>',
  'a closing tag without a name': '<r></>',
  'a closing tag with an attribute': '<r></r a="1">',
  'a closing tag with a /': '<r></r/>',
  'white space before the name of a closing tag': '<r></ r>',
  'a closing tag that does not end': '<r></r',
  'an opening tag that does not end': '<r',
  'an opening tag that ends in white space': '<r ',
  'an opening tag that ends in a name': '<r a',
  'an opening tag that ends in =': '<r a=',
  'an opening tag that ends in a value': '<r a="1',
  'an opening tag that ends after a value': '<r a="1"',
  'an opening tag that ends in /': '<r/',
  'a tag in a tag': '<r <a/>>',
  'a < at the end': '<r/><',
  'a < in text': '<r>1 < 2</r>',
  'an empty tag': '<></>',
  'white space before a name': '< r/>',
  'a name that begins with a digit': '<1/>',
  'a / that does not end the tag': '<r / >',
  'a / between attributes': '<r a="1" / b="2"/>',
  'an attribute without a value': '<r a/>',
  'an attribute without a name': '<r ="1"/>',
  'an attribute without an =': '<r a "1"/>',
  'an attribute without quotes': '<r a=1/>',
  'an attribute in two kinds of quotes': '<r a="1\'/>',
  'an attribute in typographic quotes': '<r a=“1”/>',
  'no white space between attributes': '<r a="1"b="2"/>',
  'no white space before an attribute': '<r"a"="1"/>',
  'other white space between attributes': '<r a="1"\u00a0b="2"/>',
  'a line separator between attributes': '<r a="1"\u2028b="2"/>',
  'the same attribute twice': '<r a="1" b="2" a="1"/>',
  'a < in an attribute': '<r a="<"/>',
  'a tag in an attribute': '<r a="<b/>"/>',
  'a quote in a text of quotes': '<r a="1"2"/>',
  ']]> in text': '<r>]]></r>',
  ']]]> in text': '<r>]]]></r>',
  ']]> after the end of another text': '<r>]]<a/>]]></r>',
  'an & in text': '<r>a & b</r>',
  'an & in an attribute': '<r a="b&c"/>',
  'an & at the end of a text, a ; after it': '<r>&lt<a/>;</r>',
  'a reference without a ;': '<r>&amp</r>',
  'a reference without a name': '<r>&;</r>',
  'a reference with white space': '<r>&amp ;</r>',
  'a reference in upper case': '<r>&AMP;</r>',
  'an entity of HTML': '<r>&nbsp;</r>',
  'an entity named like a property of objects': '<r>&toString;</r>',
  'a reference to no number': '<r>&#;</r>',
  'a reference to no hexadecimal number': '<r>&#x;</r>',
  'a reference to letters': '<r>&#a;</r>',
  'a reference to G': '<r>&#xG;</r>',
  'a reference with a sign': '<r>&#+65;</r>',
  'a reference with a decimal point': '<r>&#65.0;</r>',
  'a reference with an exponent': '<r>&#1e2;</r>',
  'a reference with digits of another script': '<r>&#٦٥;</r>',
  'a hexadecimal reference with a capital X': '<r>&#X41;</r>',
  'a reference to what Unicode does not have': '<r>&#x110000;</r>',
  'a reference of many digits': `<r>&#${'9'.repeat(400)};</r>`,
  'a reference that is 65 again after 32 bits': '<r>&#4294967361;</r>',
  'a reference that is 65 again after 64 bits': '<r>&#x10000000000000041;</r>',
}

for (const [what, xml] of Object.entries(NOT_WELL_FORMED)) {
  test(`not well-formed: ${what}`, () => {
    const started = refused(xml, 'syntax')
    assert.match(started, /^The message is not well-formed XML: .*\.$/)
    // in metadata too
    refused(xml, 'syntax', { comments: true })
  })
}

test('comments are passed over where they are allowed, and nothing else is', () => {
  const read = (xml: string) => parseXML(xml, { comments: true })
  const root = read(
    '<!-- 1 --><!----> <r>a<!-- <b> & ]]> -->b<!---> - --><c/><!--\n--></r> <!-- 2 -->',
  )
  assert.deepEqual(
    root.children.map((child) => (typeof child === 'string' ? child : child.name)),
    ['a', 'b', 'c'],
  )
  for (const xml of [
    '<!-- -- --><r/>',
    '<r><!-- -- --></r>',
    '<r><!-- ---></r>',
    '<!-- ---><r/>',
    '<!--><r/>',
    '<!-- ',
    '<r><!-- </r>',
    '<!-- -- ',
    '<!--',
  ]) {
    refused(xml, 'syntax', { comments: true })
  }
  for (const xml of [
    '<r <!-- --> a="1"/>',
    '<r a="<!-- -->"/>',
    '<r></r <!-- -->>',
    '<r>]]<!-- -->]]></r>',
  ]) {
    refused(xml, 'syntax', { comments: true })
  }
  for (const xml of [
    '<!DOCTYPE r><r/>',
    '<r><![CDATA[x]]></r>',
    '<r><?x y?></r>',
    ' <?xml version="1.0"?><r/>',
    '<r><!x></r>',
    '<!- x --><r/>',
  ]) {
    refused(xml, 'forbidden_markup', { comments: true })
  }
  for (const xml of [
    '<!----><r/>',
    '<r><!-- --></r>',
    '<r/><!-- -->',
    '<r><![CDATA[x]]></r>',
    '<?x?><r/>',
  ]) {
    refused(xml, 'forbidden_markup')
  }
})

test('a declaration is written as XML writes it', () => {
  for (const xml of [
    '<?xml VERSION="1.0"?><r/>',
    '<?xml version="1.0" ENCODING="UTF-8"?><r/>',
    '<?xml version="1.0" standalone="YES"?><r/>',
    '<?xml version="1.0"encoding="UTF-8"?><r/>',
    '<?xml version="1.0" standalone="no" encoding="UTF-8"?><r/>',
    '<?xml?><r/>',
  ]) {
    refused(xml, 'encoding')
  }
})

test('an EncryptedAssertion knows where its content stands in the text', () => {
  const content = (xml: string) => {
    const { start, end } = (parseXML(xml).children.at(-1) as XMLElement).content!
    return xml.slice(start, end)
  }
  assert.equal(
    content('<r>\r\n<EncryptedAssertion\na=">" >\r\n<a>&lt;</a>é</EncryptedAssertion\n></r>'),
    '\r\n<a>&lt;</a>é',
  )
  assert.equal(content('<r><EncryptedAssertion></EncryptedAssertion></r>'), '')
  assert.equal(content('<r>a<EncryptedAssertion b="1"/></r>'), '')
  assert.equal(
    content(
      '<?xml version="1.0"?><r><EncryptedAssertion><EncryptedAssertion/></EncryptedAssertion></r>',
    ),
    '<EncryptedAssertion/>',
  )
})

const repeated = (unit: string, after = '') =>
  `<r>${unit.repeat(Math.floor((MAX_METADATA_BYTES - 100) / unit.length))}${after}</r>`

// each is refused, or read, after one look at all of it
const LARGE: Record<string, string> = {
  'comments that are < alone': repeated('<!--<-->'),
  'white space in one tag': `<r${' '.repeat(1_000_000)}/>`,
  'names that differ at their end': repeated(`<${'n'.repeat(200)}>`),
  ']]]]]]': repeated(']'),
  'carriage returns': repeated('\r'),
  'half comments': repeated('<!-- -'),
  'digits of a reference': `<r>&#${'1'.repeat(1_000_000)};</r>`,
  'quotes that never close': repeated("<a b='1\"2'/>", '<a b="'),
  'elements with a line and a reference each': repeated('<a b="\n">\r&lt;]</a>'),
  'letters of an unknown script': repeated('\u{10ffff}'),
  'a name of a million letters': `<${'é'.repeat(1_000_000)}/>`,
}

test('a document of a megabyte costs milliseconds, whatever it is made of', (t) => {
  for (const [what, xml] of Object.entries(LARGE)) {
    const started = process.cpuUsage()
    try {
      parseXML(xml, { comments: true, max_length: MAX_METADATA_BYTES })
    } catch (error) {
      if (!(error instanceof XMLError)) throw error
    }
    const { user, system } = process.cpuUsage(started)
    t.diagnostic(`${what}: ${((user + system) / 1000).toFixed(1)} ms CPU`)
    // something quadratic takes minutes
    assert.ok(user + system < 1_000_000, what)
  }
})
