/**
 * Rows as one JSON value. `pg` reads each column by its name and its type, for each answer anew: thirty
 * columns cost a node more CPU than the statement that they come from, and one JSON value hardly any.
 */

/** An expression: the columns of the table, view or alias `from`, as one JSON value. */
export function jsonRow(from: string, columns: readonly string[]): string {
  const listed = columns.map((name) => `${from}.${name}`).join(', ')
  return `(select row_to_json(listed) from (select ${listed}) listed)`
}

/** A row out of its JSON value: what stands in `created_at` and `updated_at` becomes a Date again. */
export function fromJSONRow<Row extends { created_at: Date; updated_at: Date }>(value: Row): Row {
  value.created_at = new Date(value.created_at)
  value.updated_at = new Date(value.updated_at)
  return value
}
