#pragma once

#include <string_view>

/// The statistics page's markup, in one place. {{name}} is filled in by page_html.cpp, escaped
/// unless the name ends in _html. What has data-script is for the script (src/admin/web), and
/// hidden without it.
namespace novip::admin {

inline constexpr std::string_view page_body = R"html(<!DOCTYPE html>
<html lang="en"><head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{node}} - novip statistics</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{{uri}};style;{{build}}">
{{refresh_html}}</head><body data-uri="{{uri}}" data-interval="{{interval}}" data-tables="{{options}}">
<div class="page">
<header class="bar">
<span class="name">{{node}}</span><span class="soft">{{description}}</span>
<div class="facts">
<span><b data-fact="sessions">{{connections}}</b> of {{maxconn}} sessions</span>
<span><b data-fact="rate">{{rate}}</b>/s new</span>
<span><b data-fact="bytes_rate">{{bytes}}</b>/s to clients</span>
<span><b data-fact="idle_percent">{{idle}}</b> % idle</span>
<span>up <b>{{uptime}}</b></span>
<span>pid <b>{{pid}}</b></span>
</div>
<span class="live" id="live" data-script hidden>live</span>
</header>
{{notice_html}}<section id="verdict" class="card verdict {{level}}"><div class="sign"></div><h1>{{headline}}</h1><ul>{{points_html}}</ul></section>
<section class="card picture" data-script hidden><div id="picture"></div></section>
<section class="card timeline"><header><h2>What happened</h2>
<div class="keys" data-script hidden><span><i class="primary"></i>primary</span><span><i class="standby"></i>standby, up</span><span><i class="lost"></i>down, cut</span><span><i class="hold"></i>clients waited</span></div>
<div class="ranges" id="ranges" data-script hidden></div></header>
<div id="lanes" data-script hidden></div>
<ol class="events" id="events">{{events_html}}</ol></section>
<div class="plots" id="plots" data-script hidden></div>
<main class="tables" id="tables">
{{tables_html}}</main>
<footer>
<div class="legend">
<span class="up">up</span><span class="spare">backup, up</span><span class="falling">up, going down</span>
<span class="rising">down, going up</span><span class="down">down</span><span class="maint">maintenance</span>
<span class="drain">drained</span><span class="nocheck">not checked</span>
<span class="other">well, in another role</span>
</div>
<nav><a href="{{uri}}{{toggle}}">{{toggle_text}}</a><a href="{{uri}};norefresh">Without refresh</a><a href="{{uri}};csv">CSV</a><a href="{{uri}};json">JSON</a><a href="/metrics">Metrics</a><span class="soft">{{version}}</span></nav>
</footer>
</div>
<script src="{{uri}};script;{{build}}"></script>
</body></html>
)html";

/// For browsers without a script: the page itself is asked for again.
inline constexpr std::string_view page_refresh =
    R"html(<noscript><meta http-equiv="refresh" content="{{seconds}}"></noscript>
)html";

inline constexpr std::string_view page_notice =
    R"html(<p class="card notice" role="status">{{text}}</p>
)html";

inline constexpr std::string_view page_point =
    R"html(<li class="{{level}}"><b>{{text}}</b> <span>{{advice}}</span></li>)html";

inline constexpr std::string_view page_event =
    R"html(<li class="k-{{kind}} {{severity}}"><time datetime="{{when}}">{{clock}}</time><span>{{text}}</span></li>)html";

inline constexpr std::string_view page_cluster =
    R"html(<section class="card"><header><h2>cluster {{name}}</h2></header><div class="scroll"><table>
<thead><tr><th class="left">Node</th><th class="left">Role</th><th>Timeline</th><th>WAL</th><th>Behind</th><th class="left">Sync</th>
<th class="left">Streams from</th><th>Age</th><th class="left">Remark</th></tr></thead>
<tbody>
{{rows_html}}</tbody></table></div></section>
)html";

inline constexpr std::string_view page_node =
    R"html(<tr class="{{class}}"><td class="name" title="{{addr}}">{{name}}</td><td class="left">{{role}}</td><td>{{timeline}}</td><td>{{lsn}}</td><td>{{lag}}</td><td class="left">{{sync}}</td><td class="left">{{upstream}}</td><td>{{age}}</td><td class="left long">{{remark}}</td></tr>
)html";

inline constexpr std::string_view page_table =
    R"html(<section class="card"><header><h2>{{name}}</h2></header>{{form_html}}<div class="scroll"><table>
<thead><tr><th rowspan="2" class="left">Name</th><th rowspan="2" class="left">Status</th><th rowspan="2" class="left">Last check</th>
<th colspan="4">Sessions</th><th colspan="2">Queue</th><th colspan="2" class="wide">Rate</th><th colspan="2">Bytes</th>
<th colspan="2">Errors</th><th colspan="2" class="wide">Retried</th><th rowspan="2">Weight</th><th rowspan="2" class="wide">Role</th>
<th colspan="3" class="wide">Failed</th></tr>
<tr><th>Now</th><th>Max</th><th>Limit</th><th>Total</th><th>Now</th><th>Max</th>
<th class="wide">Now</th><th class="wide">Max</th><th>In</th><th>Out</th><th>Conn</th><th>Resp</th>
<th class="wide">Same</th><th class="wide">Other</th><th class="wide">Checks</th><th class="wide">Downs</th><th class="wide">For</th></tr></thead>
<tbody>
{{rows_html}}</tbody></table></div>{{orders_html}}</section>
)html";

/// Around the table where orders are taken: HAProxy's form, with a token that only we know.
inline constexpr std::string_view page_form =
    R"html(<form method="post" action="{{uri}}"><input type="hidden" name="b" value="#{{iid}}"><input type="hidden" name="t" value="{{token}}">)html";

inline constexpr std::string_view page_form_end =
    R"html(<div class="orders"><label>Chosen servers: <select name="action"><option value=""></option>{{choices_html}}</select></label><button type="submit">Apply</button></div></form>)html";

inline constexpr std::string_view page_choice =
    R"html(<option value="{{word}}">{{label}}</option>)html";

inline constexpr std::string_view page_checkbox =
    R"html(<label><input type="checkbox" name="s" value="{{svname}}">{{svname}}</label>)html";

inline constexpr std::string_view page_row =
    R"html(<tr class="{{class}}"><td class="name" title="{{addr}}">{{name_html}}</td><td class="left">{{status}} <span class="soft">{{since}}</span></td><td class="left" title="{{hint}}">{{check}}</td>
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
