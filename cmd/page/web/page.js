"use strict";
const $ = (id) => document.getElementById(id);

// ---- the engine ----

const maxFile = 64 << 20; // of one file, as the engine has it

// unpack decodes a part of the page.
function unpack(id) {
  const text = $(id).textContent.trim();
  const bytes = Uint8Array.fromBase64 ? Uint8Array.fromBase64(text) : Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  $(id).remove();
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")), { headers: { "Content-Type": "application/wasm" } });
}

let compiled; // promise of the engine's module
let shipped; // networks that come with the page
let engine = null; // the worker, once it is ready
let waiting = null; // what is asked of it

// start makes a worker that is ready.
function start() {
  return compiled.then((module) => new Promise((resolve, reject) => {
    const url = URL.createObjectURL(new Blob([$("workercode").textContent], { type: "text/javascript" }));
    const w = new Worker(url);
    w.onerror = (e) => { e.preventDefault(); ended(e.message || "the engine cannot start"); reject(new Error(e.message)); };
    w.onmessage = (e) => {
      const m = JSON.parse(e.data);
      if (m.kind === "ready") { engine = w; URL.revokeObjectURL(url); resolve(w); return; }
      if (m.kind === "stopped") { ended(m.what); reject(new Error(m.what)); return; }
      if (waiting) heard(m);
    };
    w.postMessage({ module });
  }));
}

// heard takes a message of the engine.
function heard(m) {
  const { resolve, reject, progress } = waiting;
  if (m.kind === "progress") { progress(m); return; }
  waiting = null;
  if (m.kind === "answer") resolve(m.answer);
  else reject(new Error(m.what));
}

// ended is called when the worker is gone.
function ended(why) {
  if (engine) engine.terminate();
  engine = null;
  ran = null;
  $("one").hidden = true;
  const w = waiting;
  waiting = null;
  if (w) w.reject(new Error(why));
}

// ask asks the engine for something and gives the answer.
async function ask(message, files, progress = () => {}) {
  const w = engine || await start();
  return new Promise((resolve, reject) => {
    waiting = { resolve, reject, progress };
    w.postMessage({ text: JSON.stringify(message), files });
  });
}

// ---- words and figures ----

// element makes one with text and children.
function element(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [k, v] of Object.entries(attributes)) if (v !== undefined) e.setAttribute(k, v);
  e.append(...children);
  return e;
}

// rounded has three digits; limits are rounded outwards, up or down.
function rounded(x, way = 0) {
  if (x === 0) return "0";
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(x))) - 2);
  const steps = x / unit;
  const n = way > 0 ? Math.ceil(steps - 1e-9) : way < 0 ? Math.floor(steps + 1e-9) : Math.round(steps);
  return String(Number((n * unit).toPrecision(3)));
}
// percent is a share in per cent.
const percent = (x, way = 0) => (x >= 0.99 && x < 1 ? String(Number((100 * x).toFixed(3))) : rounded(100 * x, way)) + " %";
const seconds = (s) => (s < 90 ? `${Math.round(s)} s` : `${Math.round(s / 60)} min`);

const metrics = { fit: ["Residual, transients", "FIT"], spfm: ["SPFM over flops, transients", ""], due: ["Reported errors", "FIT"] };
const results = { met: "met", not_met: "not met", not_shown: "not shown", not_assessed: "not assessed" };
const outcomes = [
  ["masked", "masked", 0], ["corrected", "corrected", 0], ["detected", "detected by a mechanism", 0], ["due_detected", "reported by the NPU", 0],
  ["due_hang", "hang, ended by the watchdog", 0], ["latent", "persisting: harms a later inference", 1], ["sdc_tolerable", "wrong output, same decision", 1],
  ["sdc_critical", "wrong decision", 1], ["stray_write", "write outside the arena", 1],
];

// ---- the form ----

const source = () => document.querySelector("input[name=source]:checked").value;
let own = null; // files of the user: the model and the inputs

function chosen() {
  const name = source();
  if (name !== "own") {
    return { model: `/in/testdata/models/${name}.tflite`, inputs: `/in/testdata/models/${name}.inputs`, files: shipped[name] };
  }
  if (!own) return null;
  const base = own.name.replace(/\.[^.]*$/, "");
  const files = [{ path: own.name, data: own.data }];
  for (const f of own.inputs) files.push({ path: `${base}.inputs/${f.name}`, data: f.data });
  return { model: `/in/${own.name}`, inputs: own.inputs.length ? `/in/${base}.inputs` : "", files };
}

function request() {
  const n = (id) => Number($(id).value);
  const custom = $("scenario").value === "custom";
  const r = {
    npu: $("npu").value, ecc: $("ecc").value, injections: n("injections"), seed: n("seed"), target: $("target").value, violation: $("violation").value,
    budget: n("budget"), scenario: $("scenario").value, protect: $("protect").checked,
  };
  if (custom) { r.flop_fit = n("flop"); r.sram_fit = n("sram"); }
  if (r.protect) r.options = $("options").value;
  return r;
}

// wrongField is the first number of the form that cannot be, with what is wrong.
function wrongField() {
  for (const id of ["injections", "seed", "budget", "flop", "sram"]) {
    const e = $(id);
    if (e.closest("[hidden]")) continue;
    const v = Number(e.value);
    const positive = ["budget", "flop", "sram"].includes(id);
    if (e.value.trim() === "" || !e.checkValidity() || positive && !(v > 0)) {
      const name = document.querySelector(`label[for=${id}]`).firstChild.textContent.trim();
      return [e, `${name}: ${positive ? "a number above 0" : `a whole number from ${e.min} to ${e.max}`} is needed.`];
    }
  }
  return null;
}

function say(id, text, bad = false) {
  $(id).textContent = text;
  $(id).classList.toggle("bad", bad);
}

async function readFiles(list) {
  const out = [];
  for (const f of list) {
    if (f.size > maxFile) throw new Error(`${f.name} has ${f.size} bytes, the page takes ${maxFile}: use the command line.`);
    out.push({ name: f.name, data: new Uint8Array(await f.arrayBuffer()) });
  }
  return out;
}

// look says what the file of the user is.
async function look() {
  const c = chosen();
  if (!c || source() !== "own" || busy) return;
  await work(async () => {
    say("looked", "Reading …");
    const r = await ask({ do: "look", request: { model: c.model, npu: $("npu").value } }, c.files);
    const host = r.on_host ? `, ${r.on_host} by the host` : "";
    const inputs = own.inputs.length ? `${own.inputs.length} files of inputs` : "8 random inputs, which change what is critical";
    say("looked", `${r.name}: ${r.format}, on ${r.npu}; ${r.on_npu} operators by the NPU${host}; ${r.input_bytes} bytes of input; ${inputs}.`);
  }, "looked");
}

async function takeModel(files) {
  const models = [...files].filter((f) => /\.(tflite|pte|npz)$/i.test(f.name));
  const one = models.length ? models[0] : files[0];
  if (!one) return;
  try {
    const [m] = await readFiles([one]);
    const rest = await readFiles([...files].filter((f) => f !== one));
    own = { name: m.name, data: m.data, inputs: rest.length ? rest : [] };
  } catch (err) { own = null; say("looked", err.message, true); return; }
  $("own").checked = true;
  shown();
  await look();
}

function shown() {
  $("drop").hidden = source() !== "own";
  $("optionsrow").hidden = !$("protect").checked;
  for (const e of document.querySelectorAll(".byhand")) e.hidden = $("scenario").value !== "custom";
  if (source() !== "own") say("looked", "");
}

// ---- work ----

let busy = false;
let ran = null; // the last result

function setBusy(on) {
  busy = on;
  for (const id of ["network", "question"]) $(id).disabled = on;
  $("run").disabled = on;
  $("cancel").disabled = !on;
  $("tell").disabled = on;
}

// work does something that takes the engine, and shows what goes wrong in a place.
async function work(what, place) {
  setBusy(true);
  try { await what(); } catch (err) { say(place, err.message || String(err), true); }
  setBusy(false);
  $("bar").value = 0;
  $("stage").textContent = "Ready.";
}

// follower shows progress, and says it to screen readers now and then.
function follower() {
  const began = performance.now();
  let what = "", since = began, told = 0;
  return (m) => {
    const now = performance.now();
    if (m.what !== what) { what = m.what; since = now; told = 0; }
    const share = m.total ? m.done / m.total : 0;
    const left = share > 0.02 && now - since > 2000 ? `, about ${seconds((now - since) / 1000 / share * (1 - share))} left of this step` : "";
    $("stage").textContent = `${m.what}${m.total ? `: ${m.done.toLocaleString("en")} of ${m.total.toLocaleString("en")}` : ""}${left}`;
    if (m.total) { $("bar").max = m.total; $("bar").value = m.done; } else $("bar").removeAttribute("value");
    if (told === 0 || now - told > 10000) { told = now; say("said", `${m.what}, ${Math.round(100 * share)} % done after ${seconds((now - began) / 1000)}.`); }
  };
}

async function run(event) {
  event.preventDefault();
  if (busy) return;
  const wrong = wrongField();
  const c = chosen();
  if (wrong) { wrong[0].focus(); say("said", wrong[1], true); return; }
  if (!c) { $("model").focus(); say("said", "Choose a network first.", true); return; }
  $("result").hidden = $("one").hidden = true;
  ran = null;
  await work(async () => {
    say("said", "Running.");
    $("stage").textContent = "fault-free runs";
    $("bar").removeAttribute("value");
    const r = await ask({ do: "run", request: { ...request(), model: c.model, inputs: c.inputs } }, c.files, follower());
    say("said", `Done in ${seconds(r.seconds)}.`);
    show(r);
  }, "said");
}

function cancel() {
  if (!busy) return;
  ended("Cancelled. Nothing of it is kept.");
}

// ---- the result ----

function show(r) {
  ran = r;
  const both = r.result.campaign ? r.result : null;
  const campaign = both ? both.campaign : r.result;
  const judged = both ? both.protect : campaign;
  $("verdict").className = `banner ${judged.verdict}`;
  $("verdict").textContent = `${{ met: "Met", not_met: "Not met", not_shown: "Not shown" }[judged.verdict] || judged.verdict}: ${judged.statement}.`.replace(/\.\.$/, ".");
  const total = campaign.injections;
  $("figures").replaceChildren(decidedTable(judged.decided, campaign.confidence, both ? "Protected machine, by the proof" : "As it is"), outcomeTable(campaign.outcomes, total));
  $("protection").replaceChildren(...(both ? protection(both) : []));
  const name = `${campaign.model}-${campaign.npu}`;
  $("downloads").replaceChildren(
    download("Report (HTML)", `${name}.html`, "text/html", r.html), download("Result (JSON)", `${name}.json`, "application/json", r.json),
    download("Spec (JSON)", `${name}-spec.json`, "application/json", r.spec),
  );
  $("command").textContent = r.command;
  $("digests").replaceChildren(...[["result digest", r.result_digest], ["spec digest", r.spec_digest]].flatMap(([k, v]) => [element("dt", {}, k), element("dd", { id: k.replace(" ", "-") }, v)]));
  $("report").srcdoc = r.html;
  $("result").hidden = false;
  $("result").focus();
  offer(r);
}

function table(caption, head, rows) {
  const t = element("table", {}, element("caption", {}, caption), element("thead", {}, element("tr", {}, ...head.map(([text, c]) => element("th", { scope: "col", class: c }, text)))), element("tbody", {}, ...rows));
  return element("div", { class: "scroll" }, t);
}

function decidedTable(list, confidence, title) {
  const rows = (list || []).map((d) => {
    const [name, unit] = metrics[d.metric] || [d.metric, ""];
    const f = unit ? (x, way) => `${rounded(x, way)} ${unit}` : percent;
    const v = d.value;
    const limit = !v ? "–" : unit ? `at most ${f(v.upper, 1)}` : `at least ${f(v.lower, -1)}`;
    return element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, limit), element("td", {}, `${unit ? "≤" : "≥"} ${f(d.target)}`), element("td", {}, results[d.result] || d.result));
  });
  return table(`${title} (limits at ${percent(confidence)} confidence)`, [["Metric"], ["Shown"], ["Target"], ["Result"]], rows);
}

function outcomeTable(o, total) {
  const rows = outcomes.filter(([key]) => o[key]).map(([key, name, bad]) => element("tr", {},
    element("th", { scope: "row" }, name), element("td", { class: "r" }, o[key].toLocaleString("en")),
    element("td", { class: "share", "aria-hidden": "true" }, bar(o[key] / total, bad))));
  return table(`What became of ${total.toLocaleString("en")} flips, as drawn`, [["Outcome"], ["Flips", "r"], ["", "share"]], rows);
}

function bar(share, bad) {
  const e = element("span", { class: bad ? "bad" : undefined });
  e.style.width = `${100 * share}%`;
  return e;
}

function protection({ campaign, protect: p }) {
  const words = p.meets
    ? `The cheapest protection found adds ${percent(p.area_overhead, 1)} of the NPU's logic; ${p.proof.injections.toLocaleString("en")} injections into the protected machine prove it.`
    : p.choice.length ? "The best protection that was found, which is not shown to be enough. More injections may show it." : "No protection was found that could be put to a proof.";
  const rows = p.choice.map((c) => element("tr", {},
    element("th", { scope: "row" }, c.block), element("td", {}, c.registers ? c.registers.join(", ") : c.group || "all of it"), element("td", {}, c.mechanism.replaceAll("_", " ")),
    element("td", { class: "r" }, percent(c.overhead, 1)), element("td", { class: "r" }, rounded(c.fit_before.upper, 1)), element("td", { class: "r" }, rounded(c.fit_after.upper, 1))));
  const out = [element("h3", {}, "Protection"), element("p", {}, words)];
  if (rows.length) out.push(table("What is protected, and how", [["Block"], ["Registers"], ["Mechanism"], ["Area", "r"], ["FIT before, at most", "r"], ["after, at most", "r"]], rows));
  out.push(element("p", { class: "note" }, `Without protection: ${campaign.statement}.`));
  return out;
}

function download(text, name, type, data) {
  const b = element("button", { type: "button" }, text);
  b.onclick = () => {
    const url = URL.createObjectURL(new Blob([data], { type }));
    const a = element("a", { href: url, download: name.replace(/[^\w.-]/g, "_") });
    a.click();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
  };
  return b;
}

// ---- stories ----

function offer(r) {
  const groups = new Map();
  for (const f of r.flips) {
    if (!groups.has(f.outcome)) groups.set(f.outcome, element("optgroup", { label: f.outcome.replaceAll("_", " ") }));
    const o = element("option", {}, `#${f.number}: ${f.site}, input ${f.input}`);
    o.value = JSON.stringify([f.site, f.input]);
    groups.get(f.outcome).append(o);
  }
  $("flip").replaceChildren(...groups.values());
  $("one").hidden = false;
  $("story").hidden = true;
  say("tellsaid", `An inference takes ${r.cycles.toLocaleString("en")} cycles.`);
  pick();
}

function pick() {
  if (!$("flip").value) return;
  const [site, input] = JSON.parse($("flip").value);
  $("site").value = site;
  $("input").value = input;
}

async function tell(event) {
  event.preventDefault();
  if (busy || !ran) return;
  await work(async () => {
    say("tellsaid", "Both machines run side by side …");
    $("bar").removeAttribute("value");
    const t = await ask({ do: "tell", site: $("site").value, input: Number($("input").value) });
    say("tellsaid", "");
    showStory(t);
  }, "tellsaid");
}

// ---- the page ----

async function main() {
  $("form").addEventListener("submit", run);
  $("cancel").addEventListener("click", cancel);
  $("form").addEventListener("change", shown);
  $("npu").addEventListener("change", look);
  $("model").addEventListener("change", (e) => takeModel(e.target.files));
  $("inputs").addEventListener("change", async (e) => {
    if (!own) return;
    try { own.inputs = await readFiles(e.target.files); await look(); } catch (err) { say("looked", err.message, true); }
  });
  document.addEventListener("dragover", (e) => { e.preventDefault(); $("drop").classList.add("over"); });
  document.addEventListener("dragleave", () => $("drop").classList.remove("over"));
  document.addEventListener("drop", (e) => { e.preventDefault(); $("drop").classList.remove("over"); if (!busy) takeModel(e.dataTransfer.files); });
  $("flip").addEventListener("change", pick);
  $("tellform").addEventListener("submit", tell);
  $("report").addEventListener("load", () => { $("report").style.height = `${$("report").contentDocument.documentElement.scrollHeight + 20}px`; });
  $("full").addEventListener("toggle", () => { $("report").style.height = `${$("report").contentDocument.documentElement.scrollHeight + 20}px`; });
  playing();
  shown();
  if (!globalThis.DecompressionStream || !globalThis.WebAssembly) {
    say("said", "This browser lacks WebAssembly or DecompressionStream: take one of 2023 or later.", true);
    return;
  }
  compiled = WebAssembly.compileStreaming(unpack("engine"));
  try {
    const all = await unpack("networks").json();
    shipped = {};
    for (const [name, files] of Object.entries(all)) {
      shipped[name] = files.map((f) => ({ path: `testdata/models/${f.path}`, data: Uint8Array.from(atob(f.data), (c) => c.charCodeAt(0)) }));
    }
    await start();
    $("stage").textContent = "Ready.";
    $("bar").value = 0;
    $("run").disabled = false;
    document.body.dataset.ready = "yes";
  } catch (err) { $("stage").textContent = "The engine cannot start."; say("said", String(err.message || err), true); }
}
main();
