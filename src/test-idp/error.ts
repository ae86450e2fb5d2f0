/** What the browser is shown, with status 400, where a request makes no sense or must not be answered. */
export class TestIdPError extends Error {
  override name = 'TestIdPError'
}
