"use strict";
// The story of a flip on a picture of the NPU's blocks.

// places are the blocks of the picture by their names in stories: x, y, width, height and
// what they do. The struck one is found by the name of the block in a site.
const places = {
  "memory": [4, 150, 118, 120, "SRAM and flash"],
  "bus": [150, 60, 76, 340, "AXI"],
  "command controller": [250, 60, 190, 66, "reads the commands"],
  "traversal": [500, 60, 200, 66, "walks blocks of the output"],
  "DMA": [250, 176, 130, 66, "moves bytes"],
  "weight decoder": [410, 176, 140, 66, "unpacks weights"],
  "MAC array": [580, 176, 150, 66, "multiplies, adds up"],
  "shared-buffer control": [250, 292, 190, 50, ""],
  "shared buffer": [250, 342, 190, 58, "inputs and sums"],
  "output stage": [500, 318, 230, 66, "scales, writes results"],
};
const siteBlocks = { cc: "command controller", traversal: "traversal", dma: "DMA", wd: "weight decoder", mac: "MAC array", ao: "output stage", sb: "shared buffer", bus: "bus" };
// ways between them, as paths.
const ways = [
  "M122 210 H150", "M226 93 H250", "M440 93 H500", "M226 209 H250", "M380 209 H410", "M550 209 H580", "M315 242 V292", "M440 360 H470 V260 H655 V242", "M655 242 V318",
  "M500 352 H440",
];

const svgNS = "http://www.w3.org/2000/svg";
function svg(name, attributes, ...children) {
  const e = document.createElementNS(svgNS, name);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  e.append(...children);
  return e;
}

let blocks = {}; // groups of the picture

function draw() {
  blocks = {};
  const picture = svg("svg", { viewBox: "0 0 745 425", role: "img", "aria-labelledby": "svgtitle" },
    svg("title", { id: "svgtitle" }, "The blocks of the NPU"),
    svg("rect", { x: 136, y: 20, width: 604, height: 398, rx: 8, fill: "#f4f5f6", stroke: "#999" }));
  const npu = svg("text", { x: 150, y: 46 }, "Ethos-U55");
  npu.style.fontWeight = 600;
  picture.append(npu, ...ways.map((d) => svg("path", { d, class: "way" })));
  for (const [name, [x, y, w, h, sub]] of Object.entries(places)) {
    const g = svg("g", { class: "block" }, svg("rect", { x, y, width: w, height: h, rx: 4 }),
      svg("text", { x: x + 9, y: y + 24 }, name), svg("text", { x: x + w - 19, y: y + h - 8, class: "mark" }, "≠"),
      svg("circle", { cx: x + w - 2, cy: y + 2, r: 9, class: "hit" }));
    if (sub) g.append(svg("text", { x: x + 9, y: y + 44, class: "sub" }, sub));
    blocks[name] = g;
    picture.append(g);
  }
  $("picture").replaceChildren(picture);
}

let tale = null, at = 0, timer = 0;

function showStory(t) {
  tale = t;
  draw();
  const struck = siteBlocks[t.block] || t.block;
  for (const [name, g] of Object.entries(blocks)) g.classList.toggle("struck", name === struck);
  const end = `${t.outcome.replaceAll("_", " ")} (${t.cause.replaceAll("_", " ")})`;
  $("storyhead").textContent = `Bit ${t.site} in ${struck} (${t.class}) turns from ${t.before} to ${t.after} in input ${t.input}, during ${t.during}; the last command is ${t.word}. `
    + `It ends as ${end}${t.outputs ? `, ${t.outputs} wrong bytes of output` : ""}. The yellow dot marks the bit's block; ≠ and a thick edge mark blocks that differ from a fault-free machine.`;
  const last = { cycle: t.end, what: `the outcome: ${end}`, blocks: t.steps.length ? t.steps[t.steps.length - 1].blocks : [] };
  tale.all = [{ cycle: 0, what: `the bit flips in ${struck}`, blocks: [] }, ...t.steps, last];
  let wrote = false;
  for (const s of tale.all) {
    wrote = wrote || s.what.startsWith("the first wrong byte") ;
    s.memory = wrote;
  }
  last.memory = t.bytes > 0;
  $("steps").replaceChildren(...tale.all.map((s) => element("li", {}, `+${s.cycle.toLocaleString("en")}: ${s.what}`)));
  $("step").max = tale.all.length - 1;
  $("story").hidden = false;
  move(0);
}

// move shows a step.
function move(to) {
  if (!tale) return;
  at = Math.max(0, Math.min(tale.all.length - 1, to));
  const s = tale.all[at];
  for (const [name, g] of Object.entries(blocks)) g.classList.toggle("differs", name === "memory" ? s.memory : s.blocks.includes(name));
  $("svgtitle").textContent = s.blocks.length ? `Blocks that differ: ${s.blocks.join(", ")}` : "No block differs";
  $("now").textContent = `Step ${at + 1} of ${tale.all.length}, ${s.cycle.toLocaleString("en")} cycles after the flip: ${s.what}`;
  $("step").value = at;
  $("step").setAttribute("aria-valuetext", $("now").textContent);
  [...$("steps").children].forEach((li, i) => { if (i === at) li.setAttribute("aria-current", "step"); else li.removeAttribute("aria-current"); });
  $("back").disabled = at === 0;
  $("on").disabled = at === tale.all.length - 1;
}

function pause() {
  clearInterval(timer);
  timer = 0;
  $("play").textContent = "Play";
}

// playing wires the buttons of the story.
function playing() {
  $("back").addEventListener("click", () => { pause(); move(at - 1); });
  $("on").addEventListener("click", () => { pause(); move(at + 1); });
  $("step").addEventListener("input", (e) => { pause(); move(Number(e.target.value)); });
  $("play").addEventListener("click", () => {
    if (timer) { pause(); return; }
    if (at === tale.all.length - 1) move(0);
    $("play").textContent = "Pause";
    timer = setInterval(() => { if (at === tale.all.length - 1) pause(); else move(at + 1); }, 1200);
  });
}
