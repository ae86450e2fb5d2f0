// What the pages do in a browser, each of it dispensable: the theme, copy buttons, local times, dialogs.
const dark = matchMedia('(prefers-color-scheme: dark)')
const applyTheme = () =>
  document.documentElement.setAttribute('data-bs-theme', dark.matches ? 'dark' : 'light')
dark.addEventListener('change', applyTheme)
applyTheme()

document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-copy]')
  if (!button) return
  await navigator.clipboard.writeText(button.dataset.copy)
  const label = button.textContent
  button.textContent = 'Copied'
  setTimeout(() => {
    button.textContent = label
  }, 1500)
})

// A form that destroys something asks for its name first.
document.addEventListener('input', (event) => {
  const field = event.target.closest('[data-confirm-name]')
  if (!field) return
  const button = field.form.querySelector('button[type=submit], button:not([type])')
  button.disabled = field.value.trim() !== field.dataset.confirmName
})

document.addEventListener('change', (event) => {
  const field = event.target.closest('[data-submit-on-change]')
  if (field) field.form.requestSubmit()
})

// A form is sent once, however often its button is pressed.
document.addEventListener('submit', (event) => {
  const form = event.target
  if (form.method !== 'post') return
  if (form.dataset.sent) event.preventDefault()
  form.dataset.sent = '1'
})
addEventListener('pageshow', () => {
  for (const form of document.forms) delete form.dataset.sent
})

// What went wrong stands at the field that it is about, too, which has the focus.
addEventListener('DOMContentLoaded', () => {
  const notice = document.querySelector('[data-wrong-field]')
  const name = notice && CSS.escape(notice.dataset.wrongField)
  const field = name && document.querySelector(`main [name="${name}"]:not([type=hidden])`)
  if (!field) return
  const said = document.createElement('div')
  said.id = 'wrong-field'
  said.className = 'text-danger mt-1'
  said.textContent = notice.querySelector('.alert-title').textContent
  field.after(said)
  field.classList.add('is-invalid')
  field.setAttribute('aria-invalid', 'true')
  const hint = field.getAttribute('aria-describedby')
  field.setAttribute('aria-describedby', hint ? `${said.id} ${hint}` : said.id)
  field.closest('details')?.setAttribute('open', '')
  field.focus()
})

const times = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
const showTimes = () => {
  for (const time of document.querySelectorAll('time[datetime]:not([title])')) {
    time.title = time.dateTime
    time.textContent = times.format(new Date(time.dateTime))
  }
}
addEventListener('DOMContentLoaded', showTimes)
document.addEventListener('htmx:after:swap', showTimes)

// What updates itself rests while nobody looks, and takes nothing but its own for an answer.
let seen = Date.now()
for (const sign of ['pointermove', 'keydown', 'scroll', 'touchstart'])
  addEventListener(
    sign,
    () => {
      seen = Date.now()
    },
    { passive: true },
  )
const updatesItself = (event) => event.target.matches?.('[hx-trigger^=every]')
document.addEventListener('htmx:before:request', (event) => {
  const idle = document.hidden || Date.now() - seen > 15 * 60_000
  if (updatesItself(event) && idle) event.preventDefault()
})
document.addEventListener('htmx:before:response', (event) => {
  const { raw } = event.detail.ctx.response
  if (!updatesItself(event)) return
  sayStale(!raw.ok)
  if (raw.ok && !raw.redirected) return
  event.preventDefault()
  // The session has ended: the page asks to sign in.
  if (raw.redirected) location.reload()
})
document.addEventListener('htmx:error', (event) => {
  if (updatesItself(event)) sayStale(true)
})

// Numbers that nobody refreshes any more do not pass for those of this moment.
const stale = document.createElement('p')
stale.className = 'alert alert-warning'
stale.setAttribute('role', 'status')
const sayStale = (is) => {
  if (is === stale.isConnected) return
  if (!is) return stale.remove()
  document.getElementById('content')?.prepend(stale)
  stale.textContent =
    'The server does not answer: what is shown here may be out of date. It is asked again by itself.'
}

// What is put above what somebody reads does not push it away.
let place
document.addEventListener('htmx:before:swap', (event) => {
  const parts = updatesItself(event) && scrollY > 0 ? event.target.querySelectorAll('[id]') : []
  const part = [...parts].find((each) => each.getBoundingClientRect().top >= 0)
  place = part && { id: part.id, top: part.getBoundingClientRect().top }
})
document.addEventListener('htmx:after:swap', () => {
  const part = place && document.getElementById(place.id)
  if (part) scrollBy({ top: part.getBoundingClientRect().top - place.top, behavior: 'instant' })
  place = undefined
})
