/** The style sheet of every page, light and dark. Inline: the pages load nothing. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #f4f5f8; --card: #ffffff; --text: #171b26; --muted: #565e70; --line: #dcdfe7; --hover: #f2f4ff;
  --accent: #3b45c4; --accent-text: #ffffff; --chip: #eceef5; --warn: #8a4b00; --warn-card: #fff4e0;
  --warn-line: #f0d3a3; --field-line: #858d9f; --shadow: 0 1px 2px #171b2614, 0 10px 30px #171b260f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1219; --card: #181c26; --text: #eceef4; --muted: #a2aabb; --line: #2d3342; --hover: #20263a;
    --accent: #a8b1ff; --accent-text: #10131c; --chip: #272d3c; --warn: #ffc76b; --warn-card: #2b2212;
    --warn-line: #574420; --field-line: #6f788b; --shadow: 0 0 0 1px #2d334280;
  }
}
*, *::before, *::after { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Open Sans", sans-serif;
  padding: 2.5rem 1rem; overflow-wrap: break-word; -webkit-text-size-adjust: 100%;
}
header, main, footer { width: 100%; max-width: 30rem; margin: 0 auto; }
.wide header, .wide main, .wide footer { max-width: 46rem; }
header { display: flex; align-items: center; gap: .625rem; margin-bottom: 1.25rem; font-weight: 600; }
header svg { flex: none; width: 1.75rem; height: 1.75rem; color: var(--accent); }
.badge {
  margin-left: auto; padding: .125rem .625rem; border: 1px solid var(--warn-line); border-radius: 99px;
  background: var(--warn-card); color: var(--warn); font-size: .75rem; font-weight: 600; white-space: nowrap;
}
section { background: var(--card); border: 1px solid var(--line); border-radius: .875rem; box-shadow: var(--shadow);
  padding: 1.5rem; margin-bottom: 1rem; }
h1 { font-size: 1.375rem; line-height: 1.25; letter-spacing: -.01em; margin: 0 0 .375rem; }
h2 { font-size: 1.0625rem; line-height: 1.3; margin: 0 0 .375rem; }
p { margin: 0 0 1rem; }
p:last-child { margin-bottom: 0; }
.muted, footer { color: var(--muted); }
footer { font-size: .8125rem; padding: .25rem .5rem 0; }
a { color: var(--accent); text-underline-offset: .15em; }
code, dd { overflow-wrap: anywhere; }
code { font: .875em ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", monospace; }
button, input, select, textarea { font: inherit; color: inherit; }
button { cursor: pointer; border-radius: .625rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
ul.users { list-style: none; margin: 1.25rem 0; padding: 0; display: grid; gap: .5rem; }
.user { display: grid; grid-template-columns: auto 1fr; column-gap: .75rem; align-items: center; width: 100%;
  padding: .6875rem .75rem; text-align: left; background: none; border: 1px solid var(--line); border-radius: .625rem; }
button.user:hover { background: var(--hover); border-color: var(--accent); }
.avatar { grid-row: 1 / 3; display: grid; place-items: center; width: 2.5rem; height: 2.5rem; border-radius: 50%;
  background: var(--chip); color: var(--accent); font-size: .875rem; font-weight: 600; }
.user b { font-weight: 600; }
.email { grid-column: 2; color: var(--muted); font-size: .875rem; overflow-wrap: anywhere; }
.chips { grid-column: 2; display: flex; flex-wrap: wrap; gap: .25rem; }
.chip { background: var(--chip); color: var(--muted); border-radius: 99px; padding: .0625rem .5rem; font-size: .75rem;
  margin-top: .25rem; max-width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.chip.warn { background: var(--warn-card); color: var(--warn); }
details { border-top: 1px solid var(--line); }
summary { padding: .75rem 0; font-weight: 500; cursor: pointer; border-radius: .375rem; }
summary:hover { color: var(--accent); }
.fields { display: grid; gap: .875rem; padding: .125rem 0 1.125rem; }
.field { display: grid; gap: .25rem; }
label { font-size: .875rem; font-weight: 500; }
.hint { font-size: .8125rem; color: var(--muted); }
input, select, textarea { width: 100%; min-height: 2.75rem; padding: .5rem .75rem; background: var(--card);
  border: 1px solid var(--field-line); border-radius: .625rem; }
input::placeholder, textarea::placeholder { color: var(--muted); opacity: .8; }
.primary { min-height: 2.75rem; padding: .5rem 1.25rem; font-weight: 600; border: 1px solid var(--accent);
  background: var(--accent); color: var(--accent-text); justify-self: start; }
.primary:hover { filter: brightness(1.08); }
.quiet { width: 100%; min-height: 2.75rem; margin-top: .25rem; background: none; border: 1px solid var(--line);
  color: var(--muted); font-weight: 500; }
.quiet:hover { color: var(--text); border-color: var(--field-line); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
dl { margin: 0; display: grid; gap: .625rem; font-size: .875rem; }
details dl { padding-bottom: 1.125rem; }
dt { color: var(--muted); font-size: .8125rem; }
dd { margin: 0; }
dl code { font-size: .9375em; }
.wide ul.users, .wide .fields { margin-bottom: 0; padding-bottom: 0; }
@media (min-width: 40rem) {
  body { padding-top: 4rem; }
  section { padding: 1.75rem; }
  .wide dl div { display: grid; grid-template-columns: 11rem 1fr; align-items: baseline; }
  button.user { grid-template-columns: auto 1fr auto; }
  button .chips { grid-column: 3; grid-row: 1 / 3; justify-content: flex-end; max-width: 9.25rem; }
  button .chip { margin-top: 0; }
  .wide ul.users { grid-template-columns: 1fr 1fr; }
}
`
