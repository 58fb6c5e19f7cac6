/** The look of the page; dark where the reader's system is. */
export const stylesheet = `
:root { --ink: #1c2128; --quiet: #5c6673; --ground: #ffffff; --panel: #f5f7f9; --line: #dfe4ea; --better: #00734f; --worse: #b34700; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e8ed; --quiet: #98a3b0; --ground: #14171b; --panel: #1d2127; --line: #313842; --better: #3ecf9c; --worse: #ff9b57; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 80px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 19px; margin: 0 0 14px; }
section { margin-top: 44px; padding-top: 22px; border-top: 1px solid var(--line); }
.about { color: var(--quiet); margin: 4px 0 22px; }
.lead { color: var(--quiet); margin: 0 0 10px; }
.finding { font-size: 17px; margin: 0 0 4px; max-width: 62em; }
.note { color: var(--quiet); font-size: 13px; margin: 10px 0 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); gap: 12px; margin-top: 26px; }
.tile { background: var(--panel); border-radius: 10px; padding: 14px 16px; }
.tile .name { color: var(--quiet); font-size: 13px; }
.tile .value { font-size: 24px; font-weight: 600; font-variant-numeric: tabular-nums; white-space: nowrap; }
.tile .was, .tile .arrow { color: var(--quiet); font-weight: 400; font-size: 18px; }
.tile .change { font-size: 13px; min-height: 1.5em; font-variant-numeric: tabular-nums; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 24px; align-items: start; margin-bottom: 20px; }
figure { margin: 0; }
.plot { overflow-x: auto; }
.plot svg { display: block; max-width: 100%; height: auto; }
figcaption { color: var(--quiet); font-size: 13px; margin-top: 8px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th { font-weight: 500; color: var(--quiet); vertical-align: bottom; }
th, td { padding: 5px 10px; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { padding-left: 0; }
td:first-child { overflow-wrap: anywhere; min-width: 7em; }
.aside { display: block; color: var(--quiet); font-size: 11.5px; }
tbody tr:hover { background: var(--panel); }
.word { text-align: left; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th.number { white-space: normal; }
.better { color: var(--better); }
.worse { color: var(--worse); }
.made .row { display: grid; grid-template-columns: 8em 1fr 110px 1fr; gap: 14px; align-items: center; padding: 8px 0; border-bottom: 1px solid var(--line); font-size: 13.5px; overflow-wrap: anywhere; }
.made .parent { display: flex; gap: 10px; align-items: center; min-width: 0; }
.made img { width: 64px; height: 64px; object-fit: contain; flex: none; }
.made .excerpt { display: block; }
.made .way { color: var(--quiet); font-size: 12px; text-align: center; font-variant-numeric: tabular-nums; }
.made .line { position: relative; height: 1px; background: var(--quiet); margin: 8px 4px; }
.made .line span { position: absolute; top: -4px; width: 9px; height: 9px; margin-left: -4px; border-radius: 50%; background: var(--better); }
@media (max-width: 640px) { .made .row { grid-template-columns: 1fr; gap: 6px; } }
details { margin: 8px 0; }
summary { cursor: pointer; font-weight: 500; padding: 4px 0; }
details td { overflow-wrap: anywhere; }
@media print { main { padding: 0; max-width: none; } section { break-inside: avoid; } }
`;
