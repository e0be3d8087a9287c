package main

import (
	"context"
	"encoding/json"
	"runtime/debug"
	"syscall/js"

	"upset/cmd/page/job"
)

// heap is where the garbage collector of a tab works harder: an address space of 4 GB has
// to hold it, and browsers give less (our choice).
const heap = 1 << 30

// folder is that of the logs, in the memory file system of the page.
const folder = "/campaign"

func main() {
	debug.SetMemoryLimit(heap)
	post := func(m message) {
		text, err := json.Marshal(m)
		if err != nil { // a figure that JSON cannot hold
			text, _ = json.Marshal(message{ID: m.ID, Event: job.Event{Kind: "error", What: err.Error()}})
		}
		js.Global().Call("postMessage", string(text))
	}
	asks := make(chan string)
	// The function returns at once, so that the event loop goes on.
	js.Global().Set("upsetAsk", js.FuncOf(func(_ js.Value, args []js.Value) any {
		text := args[0].String()
		go func() { asks <- text }()
		return nil
	}))
	s := newServer(folder, post)
	post(message{Event: job.Event{Kind: "ready"}})
	for text := range asks {
		s.serve(context.Background(), []byte(text))
	}
}
