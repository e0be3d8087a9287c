"use strict";
// The worker in which the engine runs: it starts the program, writes the files of a
// request into the memory file system, and hands the request over.
const go = new Go();
go.env = {};

onmessage = async (event) => {
  const m = event.data;
  try {
    if (m.module) {
      memfsPut("/campaign/.keep", new Uint8Array(0));
      const ended = go.run(await WebAssembly.instantiate(m.module, go.importObject));
      ended.then(() => postMessage(JSON.stringify({ kind: "stopped", what: "the engine has ended: too little memory, or a fault in it" })));
      return;
    }
    if (m.files) {
      memfsPut("/in/x", new Uint8Array(0));
      memfsDrop("/in");
      for (const f of m.files) memfsPut("/in/" + f.path, f.data);
    }
    upsetAsk(m.text);
  } catch (err) {
    postMessage(JSON.stringify({ kind: "stopped", what: String(err) }));
  }
};
