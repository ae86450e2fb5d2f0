/** Foreign text as it may stand in a line of ours: without control characters and breaks, and not long. */
export function oneLine(text: string, most: number): string {
  return text
    .slice(0, most)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
}
