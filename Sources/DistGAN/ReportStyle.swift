/// How the page of a report looks, by day and by night.
enum ReportStyle {
  /// CSS. Colours of curves are those of Okabe and Ito, which colour-blind people can tell apart.
  static let text = """
    :root{--ground:#f6f7f9;--card:#fff;--ink:#1c2127;--soft:#67707b;--line:#e1e5ea;--accent:#0072b2;
    --k0:#0072b2;--k1:#d55e00;--k2:#009e73;--k3:#b5578f;--k4:#c98a00;--k5:#3a9fd6}
    @media(prefers-color-scheme:dark){:root{--ground:#14171b;--card:#1d2126;--ink:#e8eaed;--soft:#98a1ac;--line:#31373f;--accent:#4aa8e0;
    --k0:#4aa8e0;--k1:#f0843c;--k2:#2fc49a;--k3:#d987b8;--k4:#e6b13d;--k5:#8fcdf2}}
    *{box-sizing:border-box}
    body{margin:0;background:var(--ground);color:var(--ink);font:14px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
    header,main,footer{max-width:1240px;margin:0 auto;padding:0 24px}
    header{padding-top:26px}
    .row{display:flex;align-items:center;gap:14px;flex-wrap:wrap}
    h1{font-size:24px;line-height:1.2;margin:0;font-weight:650}
    header p{margin:2px 0 12px;color:var(--soft);font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:12px;overflow-wrap:anywhere}
    h2{font-size:16px;margin:0 0 10px;font-weight:650}
    .state,.kind{border-radius:999px;padding:1px 10px;font-size:12px;font-weight:600;background:var(--line)}
    .state.running,.kind.started,.kind.resumed{background:#d7ebf8;color:#00517f}
    .state.finished,.kind.finished{background:#d3f0e5;color:#00573f}
    .state.preempted,.kind.preempted,.kind.warning{background:#fdeccb;color:#7a4f00}
    .state.interrupted,.kind.interrupted{background:#fbdcd0;color:#8a2c00}
    .bar{height:6px;border-radius:3px;background:var(--line);overflow:hidden}
    .bar div{height:100%;background:var(--k0)}
    .bar .finished{background:var(--k2)}.bar .preempted{background:var(--k4)}.bar .interrupted{background:var(--k1)}
    section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 18px;margin:16px 0}
    .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(132px,1fr));gap:8px 18px}
    .tiles span{display:block;color:var(--soft);font-size:12px}
    .tiles strong{font-size:19px;font-weight:650;font-variant-numeric:tabular-nums;white-space:nowrap}
    small{font-size:12px;font-weight:400;color:var(--soft)}
    .reel{display:flex;align-items:center;gap:12px;margin-bottom:12px}
    .reel input{flex:1;accent-color:var(--accent)}
    .reel output{min-width:104px;text-align:right;font-variant-numeric:tabular-nums;font-weight:600}
    button{border:1px solid var(--line);background:var(--card);color:var(--ink);border-radius:8px;width:36px;height:30px;cursor:pointer}
    .sheets{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(440px,100%),1fr));gap:20px;align-items:start}
    figure{margin:0}
    figcaption{font-weight:600;font-size:13px;margin-bottom:4px}
    .sheet figcaption{color:var(--soft);font-weight:400}
    .sheet img{width:100%;height:auto;background:#fff;border:1px solid var(--line);border-radius:6px;image-rendering:pixelated}
    .sheet img.reduced{image-rendering:auto}
    .sheet img[hidden]{display:none}
    .plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(440px,100%),1fr));gap:22px 28px}
    .plot{position:relative}
    .plot svg{display:block;width:100%;height:auto;touch-action:pan-y}
    .legend{display:flex;flex-wrap:wrap;gap:2px 16px;font-size:12px;color:var(--soft);min-height:19px}
    .legend b{color:var(--ink);font-weight:600;font-variant-numeric:tabular-nums}
    .legend i,.tip i{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:5px}
    .grid{stroke:var(--line)}.axis{stroke:var(--soft);stroke-width:.8}
    .tick{fill:var(--soft);font-size:11px;font-variant-numeric:tabular-nums}
    .line,.raw{fill:none;stroke-linejoin:round}.line{stroke-width:1.9}.raw{stroke-width:1;opacity:.33}
    .band{opacity:.13;stroke:none}
    .mark{stroke:var(--soft);stroke-dasharray:4 4}
    .pointer{stroke:var(--ink);opacity:0}
    .c0{stroke:var(--k0)}.c1{stroke:var(--k1)}.c2{stroke:var(--k2)}.c3{stroke:var(--k3)}.c4{stroke:var(--k4)}.c5{stroke:var(--k5)}
    .b0{fill:var(--k0);background:var(--k0)}.b1{fill:var(--k1);background:var(--k1)}.b2{fill:var(--k2);background:var(--k2)}
    .b3{fill:var(--k3);background:var(--k3)}.b4{fill:var(--k4);background:var(--k4)}.b5{fill:var(--k5);background:var(--k5)}
    .tip{position:absolute;pointer-events:none;background:var(--card);border:1px solid var(--line);border-radius:6px;padding:5px 9px;
    font-size:12px;white-space:nowrap;box-shadow:0 2px 10px rgba(0,0,0,.16);font-variant-numeric:tabular-nums;z-index:1}
    .note,.none{color:var(--soft);margin:-6px 0 12px;font-size:13px}
    .facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(440px,100%),1fr));gap:20px 36px}
    table{border-collapse:collapse;width:100%;font-size:13px}
    th{text-align:left;font-weight:400;color:var(--soft);white-space:nowrap}
    th,td{padding:4px 14px 4px 0;border-bottom:1px solid var(--line);vertical-align:top}
    td{overflow-wrap:anywhere}
    .log td{white-space:nowrap}
    .log td:first-child{color:var(--soft)}
    .log td:last-child{white-space:normal;width:100%}
    .log td,.log th,.number{font-variant-numeric:tabular-nums}
    .scroll{max-height:420px;overflow:auto}
    .classes{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:6px;max-height:300px;overflow:auto}
    .classes li{border:1px solid var(--line);border-radius:6px;padding:1px 9px 1px 0;font-size:13px}
    .classes i{font-style:normal;color:var(--soft);font-size:11px;padding:0 8px;margin-right:8px;border-right:1px solid var(--line)}
    footer{color:var(--soft);font-size:12px;padding-bottom:28px}
    """
}
