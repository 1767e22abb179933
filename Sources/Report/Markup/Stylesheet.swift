/// The page's style sheet.
enum Stylesheet {
  static var text: String {
    """
    :root{color-scheme:light dark;\(Palette.properties(dark: false))}
    @media screen and (prefers-color-scheme:dark){:root{\(Palette.properties(dark: true))}}
    \(base)
    \(parts)
    \(calendar)
    \(media)
    """
  }

  private static let base = """
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
    body{margin:0;background:var(--page);color:var(--text);overflow-wrap:break-word;
    font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
    h1,h2,h3,h4,p,ul,ol,dl,dd,figure,table{margin:0;padding:0}
    h1{font-size:2rem;line-height:1.2;letter-spacing:-.01em}
    h2{font-size:1.3rem;line-height:1.3;margin:2.5rem 0 .75rem}
    h3{font-size:1.1rem;line-height:1.3}
    h4{font-size:1rem;display:inline}
    a{color:var(--link)}
    a:focus-visible,summary:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:4px}
    code,.any{overflow-wrap:anywhere}
    code{font:.85em/1.5 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
    table{border-collapse:collapse;font-size:.875rem}
    caption,figcaption{text-align:left;font-weight:600;font-size:.875rem;padding:0 0 .35rem}
    th,td{text-align:left;vertical-align:top;padding:.3rem .75rem .3rem 0;border-top:1px solid var(--line)}
    th{font-weight:400;color:var(--muted)}
    thead th{border-top:0;font-size:.8rem}
    .num{text-align:right;font-variant-numeric:tabular-nums}
    time{font-variant-numeric:tabular-nums;white-space:nowrap}
    ul,ol{list-style:none}
    .wrap{max-width:70rem;margin:0 auto;padding:0 1.25rem}
    .muted{color:var(--muted)}
    .small{font-size:.85rem}
    .card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem 1.25rem}
    .card+.card,.card+details.set,details.set+details.set{margin-top:.75rem}
    .hidden,.cal i{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
    """

  private static let parts = """
    header{border-bottom:1px solid var(--line);border-top:6px solid}
    header.safe{background:var(--good-tint);border-top-color:var(--good)}
    header.unsafe{background:var(--bad-tint);border-top-color:var(--bad)}
    header.safe h1{color:var(--good)}
    header.unsafe h1{color:var(--bad)}
    .answer{display:flex;gap:1rem;align-items:center;padding-top:1.75rem}
    .answer svg{flex:none;width:3.25rem;height:3.25rem}
    .safe .answer svg{color:var(--good)}
    .unsafe .answer svg{color:var(--bad)}
    header p{padding:.6rem 0 0;max-width:46rem}
    header .made{padding-bottom:1.5rem;color:var(--text);font-size:.875rem}
    nav.wrap{padding-top:1rem;font-size:.9rem}
    nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem}
    .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.75rem;margin-top:1.5rem}
    .tiles>div{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.8rem 1rem}
    .tiles dt{color:var(--muted);font-size:.8rem}
    .tiles dd{font-size:1.35rem;font-weight:600;line-height:1.3}
    .tiles dd span{display:block;font-size:.8rem;font-weight:400;color:var(--muted)}
    .tag{display:inline-block;border-radius:999px;padding:.05rem .6rem;font-size:.8rem;font-weight:600;
    white-space:nowrap}
    .tag.note{background:var(--idle);color:var(--text)}
    .tag.good{background:var(--good-tint);color:var(--good)}
    .tag.warn{background:var(--warn-tint);color:var(--warn)}
    .tag.bad{background:var(--bad-tint);color:var(--bad)}
    .concerns>li{background:var(--card);border:1px solid var(--line);border-left:5px solid var(--warn);
    border-radius:8px;padding:.7rem 1rem;margin-top:.6rem}
    .concerns>li.bad{border-left-color:var(--bad)}
    .findings{margin-top:.4rem}
    .findings li{padding:.35rem 0;border-top:1px solid var(--line);font-size:.875rem}
    summary{cursor:pointer}
    details.more{margin-top:.5rem;font-size:.875rem}
    details.more>summary{color:var(--link)}
    details.rest{font-size:1rem;margin-top:.75rem}
    details.rest>details.set{margin-top:.75rem}
    .class{margin-top:2rem}
    .class>.head{display:flex;flex-wrap:wrap;gap:.2rem 1rem;align-items:baseline}
    .class>.head+*{margin-top:.6rem}
    details.set{background:var(--card);border:1px solid var(--line);border-radius:10px}
    details.set>summary{padding:.75rem 1.25rem}
    details.set>summary .tag{margin-left:.5rem}
    details.set>summary .brief{color:var(--muted);font-size:.85rem;margin-left:.5rem}
    .card.body{padding:1rem 1.25rem}
    .body{padding:.25rem 1.25rem 1.25rem;display:grid;gap:1.5rem 2.5rem;grid-template-columns:minmax(0,25rem) minmax(0,1fr)}
    .col{display:grid;gap:1.5rem;align-content:start;min-width:0}
    .bars th,.bars td{border-top:0;padding-bottom:0}
    .bars{width:100%}
    .bars th.any{min-width:5.5rem}
    .bars th.wide{min-width:8.5rem}
    .bar{display:block;width:100%;height:14px;margin-top:.3rem}
    .bar .allowed{fill:var(--same)}
    .bar .grace{fill:var(--warn-tint)}
    .bar .past{fill:var(--bad-tint)}
    .bar .age{fill:var(--text)}
    .bar .frame{fill:none;stroke:var(--muted);vector-effect:non-scaling-stroke}
    .chart{display:block;width:100%;max-width:22rem;height:auto;overflow:visible}
    .chart text{font-size:11px;fill:var(--muted)}
    .chart .value{fill:var(--text);font-weight:600}
    .chart .axis{stroke:var(--line);stroke-width:1}
    .chart .curve{fill:none;stroke:var(--curve);stroke-width:2;stroke-linejoin:round}
    .chart .area{fill:var(--fill)}
    .chart .dot{fill:var(--curve)}
    .chart .lost{fill:var(--card);stroke:var(--miss-sign);stroke-width:2}
    .dash1{stroke-dasharray:6 3}
    .dash2{stroke-dasharray:2 3}
    .scroll{overflow-x:auto}
    footer{border-top:1px solid var(--line);margin-top:3rem;padding:1.25rem 0 2.5rem;color:var(--muted);
    font-size:.85rem}
    """

  private static let calendar = """
    .quarters{display:flex;flex-wrap:wrap;gap:1rem 2rem}
    .cal{table-layout:fixed;width:100%;max-width:25rem;font-size:.7rem;border-spacing:0}
    .cal th,.cal td{border:0;padding:0;text-align:center}
    .cal col.d{width:2rem}
    .cal thead th{font-size:.68rem;line-height:1.2;white-space:nowrap;overflow:visible;padding-bottom:2px}
    .cal thead .m{text-align:left;padding-left:2px;color:var(--text);overflow-wrap:normal}
    .cal tbody th{text-align:left;vertical-align:middle;line-height:1}
    .cal tbody td{position:relative;height:1.6rem;padding:1px 1px 7px;line-height:1}
    .cal td:before{display:flex;align-items:center;justify-content:center;height:1.05rem;border-radius:3px;
    content:"";font-size:.72rem;font-weight:700}
    .cal .o:before{background:none}
    .cal .n:before{background:var(--idle)}
    .cal .b:before{background:var(--made);color:var(--made-sign);content:"\\25CF" / ""}
    .cal .u:before{background:var(--same);color:var(--same-sign);content:"=" / ""}
    .cal .p:before{background:var(--part);color:var(--part-sign);content:"\\25D0" / ""}
    .cal .f:before{background:var(--fail);color:var(--fail-sign);content:"\\D7" / "";font-size:.95rem}
    .cal .x:before{background:var(--miss);color:var(--miss-sign);border:1px dashed;content:"!" / ""}
    .cal .v1,.cal .v2,.cal .v3,.cal .v4{background:linear-gradient(var(--proof) 0 0) no-repeat 1px calc(100% - 2px)/25% 4px}
    .cal .v2{background-size:50% 4px}
    .cal .v3{background-size:75% 4px}
    .cal .v4{background-size:calc(100% - 2px) 4px}
    .cal .k{background:repeating-linear-gradient(90deg,var(--proof) 0 2px,transparent 2px 6px) no-repeat
    1px calc(100% - 2px)/calc(100% - 2px) 4px}
    .cal .w{background:repeating-linear-gradient(90deg,var(--fail) 0 3px,transparent 3px 6px) no-repeat
    1px calc(100% - 2px)/calc(100% - 2px) 4px}
    .cal .r:after,.cal .q:after{content:"";position:absolute;left:calc(50% - 4px);bottom:0;width:8px;height:8px;
    transform:rotate(45deg);background:var(--proof);border:1px solid var(--card)}
    .cal .q:after{background:var(--card);border:2px solid var(--fail)}
    .cal .today:before{outline:2px solid var(--text);outline-offset:-1px}
    .legend{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:.1rem 1rem;margin-top:.4rem;
    font-size:.8rem;color:var(--muted)}
    .legend li{display:flex;align-items:center;gap:.5rem}
    .legend .cal{width:1.6rem;flex:none}
    .legend .cal .o{height:1rem;padding-bottom:6px}
    .legend .cal .o:before{height:0}
    """

  private static let media = """
    @media (max-width:46rem){.wrap{padding:0 .75rem}h1{font-size:1.5rem}.body{grid-template-columns:minmax(0,1fr);
    padding:.25rem .75rem 1rem}details.set>summary{padding:.7rem .75rem}.card{padding:.8rem}
    .answer svg{width:2.5rem;height:2.5rem}}
    @media print{
    :root{color-scheme:light}
    *{print-color-adjust:exact;-webkit-print-color-adjust:exact}
    html{font-size:12px}
    body{background:none}
    nav,.same{display:none}
    .wrap{max-width:none;padding:0}
    header .wrap{padding:0 1rem}
    details::details-content{content-visibility:visible;display:block;block-size:auto;opacity:1}
    details>summary{list-style:none}
    .fleet details.set:not([open])::details-content,.fleet .rest:not([open])::details-content{content-visibility:hidden}
    .scroll{overflow:visible}
    h2,h3,h4,caption,figcaption,summary,.head{break-after:avoid}
    tr,.concerns>li,figure,details.set,.bars,.cal,.tiles>div,.card{break-inside:avoid}
    .body{gap:1rem 2rem;grid-template-columns:22rem minmax(0,1fr)}
    a{color:inherit;text-decoration:none}
    }
    """
}
