/** What the login pages have beyond the frame of every page. */
export const style = `
main { max-width: 30rem; }
h1, p { overflow-wrap: anywhere; }
.project { display: flex; align-items: center; gap: .6rem; font-weight: 600; padding-bottom: .75rem; margin-bottom: 1rem; }
.project img { max-height: 2rem; max-width: 8rem; }
.logo { max-height: 4rem; max-width: 12rem; }
.initials { display: inline-grid; place-items: center; min-width: 3.5rem; height: 3.5rem; padding: 0 .5rem; border-radius: 12px;
  background: var(--code); color: var(--accent); border: 1px solid var(--line); font-size: 1.35rem; font-weight: 700; }
.ways { list-style: none; margin: 1.25rem 0 0; padding: 0; display: grid; gap: .75rem; }
.way { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .25rem .75rem; min-height: 3.5rem;
  padding: .6rem 1rem; border-radius: 10px; border: 1px solid var(--accent); color: var(--accent); text-decoration: none; }
.way > span:first-child { flex: 1 1 10rem; min-width: 0; overflow-wrap: anywhere; }
.way .name, .way .small { display: block; }
.way .name { font-weight: 600; }
.way.first { background: var(--accent); color: var(--card); }
.way:hover { filter: brightness(1.1); text-decoration: underline; }
.tag { font-size: .8rem; font-weight: 600; border: 1px solid currentColor; border-radius: 999px; padding: .05rem .6rem; }
.aside { text-align: center; }
label { display: block; font-weight: 600; margin-bottom: .35rem; }
form { margin-top: 1.25rem; }
form p { margin-top: .4rem; }
input:not([type=hidden]) { width: 100%; font: inherit; color: inherit; background: var(--card); padding: .6rem .75rem;
  border: 1px solid var(--muted); border-radius: 8px; }
input[aria-invalid] { border-color: var(--bad); }
input:focus-visible { outline: 3px solid var(--accent); outline-offset: 1px; }
form button { width: 100%; min-height: 3rem; margin-top: .35rem; }
`
