/** Lines of a table: columns as wide as they need, and nothing from outside that a terminal would obey. */
export function textTable(head: readonly string[], body: readonly (readonly string[])[]): string[] {
  const rows = [head, ...body].map((row) =>
    row.map((cell) => cell.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ')),
  )
  const widths = head.map((_, column) => Math.max(...rows.map((row) => [...row[column]!].length)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(widths[column]! - [...cell].length))
      .join('  ')
      .trimEnd(),
  )
}
