"""The style of the HTML report: light and dark by the reader's setting, on paper with every fold open."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --dim: #59636e; --paper: #ffffff; --line: #d1d9e0; --tint: #f6f8fa;
  --good: #116329; --bad: #a40e26; --open: #7d4e00; --link: #0550ae; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --dim: #9198a1; --paper: #0d1117; --line: #3d444d;
  --tint: #161b22; --good: #56d364; --bad: #ff8b83; --open: #e3b341; --link: #79b8ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 72rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { margin: 0 0 .25rem; font-size: 1.6rem; line-height: 1.25; }
h1 strong { margin-right: .6rem; padding: .05em .5em; border: 2px solid; border-radius: .35em; white-space: nowrap; }
h2 { margin: 2.2rem 0 .6rem; font-size: 1.2rem; }
p { margin: .6rem 0; }
ul { margin: .4rem 0; padding-left: 1.2rem; }
li { margin: .35rem 0; overflow-wrap: anywhere; }
.dim, footer { color: var(--dim); font-size: .9rem; }
.go, .pass { color: var(--good); } .no_go, .fail, .error { color: var(--bad); }
.conditional, .no_evidence, .waived { color: var(--open); }
.mark { display: inline-block; min-width: 1.4em; font-weight: 700; }
.advisory { padding: .5rem .8rem; border: 2px solid var(--open); border-radius: .35em; font-weight: 700; }
code { font: .875em/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { margin: .4rem 0 1rem; padding: .6rem .8rem; overflow-x: auto; background: var(--tint);
  font: .85em/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: pre-wrap;
  overflow-wrap: anywhere; }
a { color: var(--link); }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .95rem; }
th, td { padding: .4rem .6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
td { overflow-wrap: break-word; min-width: 5rem; }
th { background: var(--tint); font-weight: 600; }
td.number, th.number { text-align: right; white-space: nowrap; min-width: 0; }
.mend { margin: .9rem 0; padding-left: .9rem; border-left: 3px solid var(--line); }
.mend p { margin: .2rem 0; }
details { margin: .6rem 0; border: 1px solid var(--line); border-radius: .35em; }
details > div { padding: 0 .9rem .6rem; }
summary { padding: .5rem .9rem; cursor: pointer; font-weight: 600; }
footer { margin-top: 2.5rem; padding-top: .8rem; border-top: 1px solid var(--line); }
@media print { :root { --ink: #000; --dim: #333; --paper: #fff; --line: #999; --tint: #eee; --good: #0a4a1d;
    --bad: #8a0015; --open: #5c3a00; --link: #000; color-scheme: light; }
  body { max-width: none; padding: 0; font-size: 10pt; } .wide { overflow: visible; }
  details::details-content { content-visibility: visible; block-size: auto; }
  tr, .mend { break-inside: avoid; } h2, summary { break-after: avoid; } thead { display: table-header-group; } }
"""
_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
"""The content security policy: this style and nothing else, no script, no image, no font, no request."""
