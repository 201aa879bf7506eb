#pragma once

#include <string_view>

/// The statistics page's markup, in one place. {{name}} is filled in by page_html.cpp, escaped
/// unless the name ends in _html.
namespace novip::admin {

inline constexpr std::string_view page_style = R"css(
:root { color-scheme: light dark; --text: #1c1e21; --paper: #fff; --line: #d5d9de; --soft: #6b7280;
  --head: #f1f3f5; --up: #d9f2dd; --spare: #dbe9fb; --falling: #fdf0c4; --rising: #fde0c2;
  --down: #fbd3d3; --maint: #e6dcc8; --drain: #d6e3f5; --nocheck: #eceff2; --link: #0b5cad; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e4e6ea; --paper: #15181c; --line: #343a42; --soft: #98a1ad; --head: #20252b;
    --up: #15402a; --spare: #183a5e; --falling: #55470f; --rising: #5c3a12; --down: #5e1f22;
    --maint: #4a3f28; --drain: #24405f; --nocheck: #2a2f36; --link: #7fb6f0; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 1rem; color: var(--text); background: var(--paper);
  font: 13px/1.4 system-ui, sans-serif; }
h1 { font-size: 1.35rem; margin: 0; }
h2 { font-size: 1.05rem; margin: 1.4rem 0 .4rem; }
p { margin: .2rem 0; }
a { color: var(--link); }
.soft { color: var(--soft); }
nav a { margin-right: 1rem; }
.facts { display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; margin: .6rem 0; }
.facts b { font-weight: 600; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem .6rem; margin: .6rem 0; font-size: .85rem; }
.legend span { padding: .05rem .5rem; border-radius: .25rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .4rem; border: 1px solid var(--line); white-space: nowrap;
  text-align: right; }
th { background: var(--head); font-weight: 600; font-size: .8rem; }
th[colspan] { text-align: center; }
@media (min-width: 50rem) { td:nth-child(-n+3) { min-width: 7.5rem; } }
th:first-child, td:first-child, .left { text-align: left; }
td:first-child { font-weight: 600; position: sticky; left: 0; background: inherit; }
tr { background: var(--paper); }
.front, .back { font-style: italic; }
.up { background: var(--up); } .spare { background: var(--spare); }
.falling { background: var(--falling); } .rising { background: var(--rising); }
.down { background: var(--down); } .maint { background: var(--maint); }
.drain { background: var(--drain); } .nocheck { background: var(--nocheck); }
@media (max-width: 50rem) { body { padding: .5rem; } .wide { display: none; } }
)css";

inline constexpr std::string_view page_body = R"html(<!DOCTYPE html>
<html lang="en"><head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{node}} - novip statistics</title>
<link rel="icon" href="data:,">
<style>{{style_html}}</style>
</head><body>
<header>
<h1>{{node}}</h1>
<p class="soft">{{version}}</p>
<p>{{description}}</p>
<div class="facts">
<span>pid <b>{{pid}}</b></span>
<span>up <b>{{uptime}}</b></span>
<span>threads <b>{{threads}}</b></span>
<span>connections <b>{{connections}}</b> of <b>{{maxconn}}</b></span>
<span>new connections <b>{{rate}}</b>/s</span>
<span>to clients <b>{{bits}}</b>/s</span>
<span>idle <b>{{idle}}</b>%</span>
</div>
<nav><a href="{{uri}}{{toggle}}">{{toggle_text}}</a><a href="{{uri}};norefresh">Without refresh</a><a href="{{uri}};csv">CSV</a></nav>
<div class="legend">
<span class="up">up</span><span class="spare">backup, up</span><span class="falling">up, going down</span>
<span class="rising">down, going up</span><span class="down">down</span><span class="maint">maintenance</span>
<span class="drain">drained</span><span class="nocheck">not checked</span>
</div>
</header>
<main>
{{clusters_html}}{{tables_html}}</main>
</body></html>
)html";

inline constexpr std::string_view page_cluster = R"html(<section><h2>cluster {{name}}</h2>
{{alerts_html}}<div class="scroll"><table>
<thead><tr><th>Node</th><th class="left">Role</th><th>Timeline</th><th>WAL</th><th>Behind</th><th class="left">Sync</th>
<th class="left">Streams from</th><th>Age</th><th class="left">Remark</th></tr></thead>
<tbody>
{{rows_html}}</tbody></table></div></section>
)html";

inline constexpr std::string_view page_alert = R"html(<p class="down left">{{text}}</p>
)html";

inline constexpr std::string_view page_node =
    R"html(<tr class="{{class}}"><td title="{{addr}}">{{name}}</td><td class="left">{{role}}</td><td>{{timeline}}</td><td>{{lsn}}</td><td>{{lag}}</td><td class="left">{{sync}}</td><td class="left">{{upstream}}</td><td>{{age}}</td><td class="left">{{remark}}</td></tr>
)html";

inline constexpr std::string_view page_table = R"html(<section><h2>{{name}}</h2>
<div class="scroll"><table>
<thead><tr><th rowspan="2">Name</th><th rowspan="2" class="left">Status</th><th rowspan="2" class="left">Last check</th>
<th colspan="4">Sessions</th><th colspan="2">Queue</th><th colspan="2" class="wide">Rate</th><th colspan="2">Bytes</th>
<th colspan="2">Errors</th><th colspan="2" class="wide">Retried</th><th rowspan="2">Weight</th><th rowspan="2" class="wide">Role</th>
<th colspan="3" class="wide">Failed</th></tr>
<tr><th>Now</th><th>Max</th><th>Limit</th><th>Total</th><th>Now</th><th>Max</th>
<th class="wide">Now</th><th class="wide">Max</th><th>In</th><th>Out</th><th>Conn</th><th>Resp</th>
<th class="wide">Same</th><th class="wide">Other</th><th class="wide">Checks</th><th class="wide">Downs</th><th class="wide">For</th></tr></thead>
<tbody>
{{rows_html}}</tbody></table></div></section>
)html";

inline constexpr std::string_view page_row =
    R"html(<tr class="{{class}}"><td title="{{addr}}">{{svname}}</td><td class="left">{{status}} <span class="soft">{{since}}</span></td><td class="left" title="{{hint}}">{{check}}</td>
<td>{{scur}}</td><td>{{smax}}</td><td>{{slim}}</td><td>{{stot}}</td><td>{{qcur}}</td><td>{{qmax}}</td>
<td class="wide">{{rate}}</td><td class="wide">{{rate_max}}</td><td>{{in}}</td><td>{{out}}</td><td>{{econ}}</td><td>{{eresp}}</td>
<td class="wide">{{wretr}}</td><td class="wide">{{wredis}}</td><td>{{weight}}</td><td class="wide">{{role}}</td>
<td class="wide">{{chkfail}}</td><td class="wide">{{chkdown}}</td><td class="wide">{{down}}</td></tr>
)html";

/// The columns of `show stat` that page_row shows as they are.
inline constexpr const char* page_row_columns[] = {
    "svname",   "status", "scur",  "smax",  "slim",   "stot",   "qcur",    "qmax",   "rate",
    "rate_max", "econ",   "eresp", "wretr", "wredis", "weight", "chkfail", "chkdown"};

}  // namespace novip::admin
