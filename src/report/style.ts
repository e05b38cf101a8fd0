/** Style sheet of the report page: light, dark and print, no web font, nothing fetched. */
import { colourStyle } from "./palette.ts";

/** The CSS of the page. */
export function pageStyle(): string {
  return `${colourStyle()}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
main{max-width:920px;margin:0 auto;padding:40px 30px 80px}
h1{font-size:28px;line-height:1.2;margin:0 0 4px}
h2{font-size:20px;margin:44px 0 10px;padding-top:14px;border-top:1px solid var(--line)}
h3{font-size:16px;margin:28px 0 6px}
.question{font-size:19px;margin:0 0 14px}
.quiet,figcaption,caption{color:var(--quiet);font-size:14px}
a{color:var(--accent)}
code,pre{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
code{overflow-wrap:anywhere}
pre{background:var(--panel);padding:12px 14px;border-radius:6px;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere}
.notice{background:var(--warning);border-radius:6px;padding:10px 14px;margin:14px 0}
.notice p{margin:4px 0}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums;width:100%;margin:8px 0}
caption{text-align:left;padding:0 0 8px;caption-side:top}
th,td{padding:5px 12px 5px 0;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600}
thead th{border-bottom:2px solid var(--quiet);vertical-align:bottom}
tbody th code{white-space:nowrap}
.number{text-align:right;white-space:nowrap}
figure{margin:18px 0 34px}
figure svg{display:block;max-width:100%;height:auto}
figcaption{margin-top:6px}
.files{white-space:nowrap}
.files a{margin-left:8px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 18px;margin:8px 0}
dt{color:var(--quiet)}
dd{margin:0;overflow-wrap:anywhere}
summary{cursor:pointer}
@media (max-width:600px){main{padding:20px 14px 40px}dl{grid-template-columns:1fr}dt{margin-top:6px}}
@media print{main{max-width:none;padding:0}figure,table,.notice{break-inside:avoid}h2,h3{break-after:avoid}body{font-size:11pt}details>pre{display:block}}`;
}
